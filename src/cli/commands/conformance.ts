// `posthorn conformance`: how a receiver handles forged, late, repeated and large requests.
import type { Command } from 'commander';
import { type CaseName, type ConformanceReport, caseNames } from '#domain/conformance/conformance';
import { secretProblem } from '#domain/endpoints/secret';
import { commaList, jsonOf, textOf, wholeNumber } from '../connection/given.ts';
import { connected, type Session } from '../connection/session.ts';
import type { Colour } from '../terminal/colour.ts';
import { CommandFailed, UsageError } from '../terminal/exit-codes.ts';
import type { Column } from '../terminal/table.ts';
import { column, inPath } from './listing.ts';

interface Options {
  secret?: string;
  tenant?: string;
  type?: string;
  data?: string;
  cases?: string[];
  maxAnswer?: number;
  allow?: string[];
}

export function addConformanceCommand(program: Command): void {
  program
    .command('conformance <receiver>')
    .description('check how a receiver handles forged, late and repeated requests: its URL, or the id of an endpoint')
    .option(
      '--secret <secret>',
      'sign with this secret (whsec_…, @file or - for standard input), and send from this machine without a server',
    )
    .option('-t, --tenant <id>', 'without --secret: the tenant whose endpoint has this URL')
    .option('--type <type>', 'an event type that the receiver knows')
    .option('--data <json>', 'data of such an event: JSON, @file or - for standard input')
    .option('--cases <names>', `only these: ${caseNames.join(', ')}`, commaList)
    .option('--max-answer <ms>', 'the case slow fails when an answer takes longer (default: 5000)', wholeNumber)
    .option('--allow <cidrs>', 'with --secret: private networks besides this machine that requests may go to', commaList)
    .action(connected(check));
}

async function check(session: Session, receiver: string, options: Options): Promise<void> {
  const cases = casesOf(options.cases);
  const report = options.secret === undefined ? await byServer(session, receiver, options, cases) : await here(receiver, options, cases);
  await print(session, report);
  if (!report.passed) throw new CommandFailed(failureOf(report));
}

async function here(
  url: string,
  { secret = '', type, data, maxAnswer, allow = [] }: Options,
  cases?: CaseName[],
): Promise<ConformanceReport> {
  const text = textOf(secret).trim();
  const wrong = secretProblem(text, 'whsec');
  if (wrong !== null) throw new UsageError(`--secret: ${wrong}`);
  if (data !== undefined) jsonOf(data, '--data');
  const event = { type: type ?? 'posthorn.test', dataText: data === undefined ? '{}' : textOf(data).trim() };
  const { runHere } = await import('../conformance/local-run.ts');
  const report = await runHere({ url, secret: text, networks: allow, event, cases, maxAnswerMs: maxAnswer });
  if ('problem' in report) throw new UsageError(`${url} ${report.problem}`);
  return report;
}

/** Longer than any run. */
const serverTimeoutMs = 90_000;

async function byServer(session: Session, receiver: string, { tenant, type, data, maxAnswer }: Options, cases?: CaseName[]) {
  const endpoint = /^ep_/.test(receiver) ? receiver : await endpointAt(session, session.tenant(tenant), receiver);
  const body = { eventType: type, cases, maxAnswerMs: maxAnswer, ...(data !== undefined && { data: jsonOf(data, '--data') }) };
  return session.api.post<ConformanceReport>(`/v1/endpoints/${inPath(endpoint)}/conformance`, body, { timeoutMs: serverTimeoutMs });
}

async function endpointAt({ api }: Session, tenant: string, url: string): Promise<string> {
  for await (const endpoint of api.list<{ id: string; url: string }>(`/v1/tenants/${inPath(tenant)}/endpoints`))
    if (endpoint.url === url) return endpoint.id;
  throw new UsageError(`${tenant} has no endpoint with the URL ${url}. Create one, or give the secret of the receiver with --secret.`);
}

function casesOf(given: string[] | undefined): CaseName[] | undefined {
  return given?.map((name) => {
    const known = caseNames.find((one) => one === name);
    if (!known) throw new UsageError(`--cases: ${name} is unknown. There are ${caseNames.join(', ')}.`);
    return known;
  });
}

interface Row {
  name: string;
  verdict: string;
  reason: string;
}
const colours: Record<string, Colour> = { passed: 'green', warned: 'yellow', failed: 'red', not_judged: 'dim' };
const columns: Column<Row>[] = [
  { title: 'VERDICT', of: ({ verdict }) => verdict, colour: ({ verdict }) => colours[verdict] },
  column<Row>('CASE', 'name'),
  column<Row>('REASON', 'reason'),
];

async function print({ output }: Session, report: ConformanceReport): Promise<void> {
  if (output.json) return output.document(report);
  const { control, cases, score } = report;
  const rows = [{ name: 'correct request', ...control }, ...cases.map((one) => ({ name: one.case, ...one }))];
  await output.list(rows, { columns, empty: '' });
  for (const { name, advice } of rows) if (advice !== null) output.note(`\n${name}: ${advice}`);
  output.note(`\nscore ${score} of 100`);
}

function failureOf({ control, cases }: ConformanceReport): string {
  if (control.verdict !== 'passed') return 'The receiver did not accept a correct request.';
  return `The receiver fails ${cases
    .filter(({ verdict }) => verdict === 'failed')
    .map((one) => one.case)
    .join(', ')}.`;
}
