// `posthorn endpoints`: where events are sent.
import type { Command } from 'commander';
import { type Conditional, commaList, ifMatchOption, jsonOf, objectOf, pairs, wholeNumber } from '../connection/given.ts';
import { connected, type Session } from '../connection/session.ts';
import { colourOf } from '../terminal/colour.ts';
import { CommandFailed } from '../terminal/exit-codes.ts';
import { allFields, type Field } from '../terminal/fields.ts';
import { column, inPath, type ListOptions, limitOf, listCommand, statusColumn } from './listing.ts';

export interface Endpoint {
  id: string;
  url: string;
  eventTypes: string[];
  gate: string;
  gateReason: string | null;
  description: string;
  createdAt: string;
  secret?: string;
}

interface Settings {
  tenant?: string;
  url?: string;
  eventTypes?: string[];
  channels?: string[];
  description?: string;
  header?: Record<string, string>;
  filter?: string;
  timeoutMs?: number;
  maxInFlight?: number;
  ordering?: string;
  metadata?: Record<string, string>;
  data?: string;
}

export function addEndpointCommands(program: Command): void {
  const group = program.command('endpoints').alias('endpoint').description('where events are sent');
  addReads(group);
  addChanges(group);
  addActions(group);
}

const path = (id: string) => `/v1/endpoints/${inPath(id)}`;

function addReads(group: Command): void {
  listCommand(group, 'list the endpoints of a tenant')
    .option('-t, --tenant <id>', 'the tenant')
    .action(
      connected(async (session, options: ListOptions & { tenant?: string }) => {
        const columns = [
          column<Endpoint>('ID', 'id'),
          statusColumn<Endpoint>('GATE', ({ gate }) => gate),
          column<Endpoint>('URL', 'url'),
          { title: 'EVENT TYPES', of: ({ eventTypes }: Endpoint) => (eventTypes.length === 0 ? 'all' : eventTypes) },
        ];
        const items = session.api.list<Endpoint>(`/v1/tenants/${inPath(session.tenant(options.tenant))}/endpoints`, {}, limitOf(options));
        await session.output.list(items, { columns, empty: 'The tenant has no endpoints.' });
      }),
    );
  group
    .command('show <endpoint>')
    .description('show an endpoint')
    .action(connected(async (session, id: string) => show(session, await session.api.get<Endpoint>(path(id)))));
  group
    .command('stats <endpoint>')
    .description('show what was delivered, and how fast')
    .option('--window <span>', '1h, 24h, 7d or 30d', '24h')
    .action(
      connected(async ({ api, output }, id: string, { window }: { window: string }) => {
        const stats = await api.get<{ totals: object }>(`${path(id)}/stats`, { window });
        await output.show(stats, allFields(stats.totals));
      }),
    );
}

function addChanges(group: Command): void {
  withSettings(group.command('create').description('create an endpoint; prints its secret, which is shown only once'))
    .option('-t, --tenant <id>', 'the tenant')
    .action(
      connected(async (session, settings: Settings) => {
        const body = { ...objectOf(settings.data, '--data'), ...bodyOf(settings) };
        await show(session, await session.api.post<Endpoint>(`/v1/tenants/${inPath(session.tenant(settings.tenant))}/endpoints`, body));
      }),
    );
  withSettings(group.command('update <endpoint>').description('change an endpoint'))
    .option(...ifMatchOption)
    .action(
      connected(async (session, id: string, { ifMatch, ...settings }: Settings & Conditional) => {
        const body = { ...objectOf(settings.data, '--data'), ...bodyOf(settings) };
        await show(session, await session.api.patch<Endpoint>(path(id), body, { ifMatch }));
      }),
    );
  group
    .command('delete <endpoint>')
    .description('delete an endpoint, and cancel its unfinished deliveries')
    .action(
      connected(async ({ api, output }, id: string) => {
        await api.delete(path(id));
        output.note(`${id} is deleted.`);
      }),
    );
}

function withSettings(command: Command): Command {
  return command
    .option('--url <url>', 'where to send')
    .option('--event-types <patterns>', 'event types such as order.*,invoice.paid; default: all', commaList)
    .option('--channels <names>', 'only events with one of these channels', commaList)
    .option('--description <text>', 'description')
    .option('--header <name=value>', 'header of every request; can be repeated', pairs)
    .option('--filter <json>', 'filter on the content of events, as JSON or @file')
    .option('--timeout-ms <number>', 'timeout of a request', wholeNumber)
    .option('--max-in-flight <number>', 'how many requests at once', wholeNumber)
    .option('--ordering <kind>', 'none, endpoint or key')
    .option('--metadata <name=value>', 'metadata; can be repeated', pairs)
    .option('-d, --data <json>', 'other fields of the API as JSON, @file or - for standard input');
}

function bodyOf({ tenant: _tenant, data: _data, header, filter, ...settings }: Settings): object {
  return { ...settings, ...(header && { headers: header }), ...(filter !== undefined && { filter: jsonOf(filter, '--filter') }) };
}

function addActions(group: Command): void {
  for (const [action, description] of [
    ['pause', 'hold the deliveries of an endpoint'],
    ['resume', 'send again to a paused or disabled endpoint'],
    ['verify', 'begin its verification again'],
  ] as const)
    group
      .command(`${action} <endpoint>`)
      .description(description)
      .action(connected(async (session, id: string) => show(session, await session.api.post<Endpoint>(`${path(id)}/${action}`))));
  group
    .command('rotate-secret <endpoint>')
    .description('add a new secret; earlier ones also sign until the overlap ends')
    .option('--overlap <span>', 'how long, such as 24h')
    .action(
      connected(async ({ api, output }, id: string, options: { overlap?: string }) => {
        const rotated = await api.post<object>(`${path(id)}/rotate-secret`, options);
        await output.show(rotated, allFields(rotated));
      }),
    );
  group
    .command('test <endpoint>')
    .description('send one test event to it; exit code 1 if it is not accepted')
    .option('--type <type>', 'event type')
    .option('-d, --data <json>', 'data of the event as JSON, @file or - for standard input')
    .action(connected(test));
}

interface Tested {
  delivery: { id: string; status: string } | null;
  attempt?: { outcome: string; status: number | null; message: string; timings: { totalMs: number } };
  note?: string;
}

async function test({ api, output }: Session, id: string, { type, data }: { type?: string; data?: string }): Promise<void> {
  const body = { type, ...(data !== undefined && { data: jsonOf(data, '--data') }) };
  const { attempt, ...tested } = await api.post<Tested>(`${path(id)}/test`, body);
  const fields: Field[] = attempt
    ? [
        ['outcome', attempt.outcome, colourOf(attempt.outcome)],
        ['message', attempt.message],
        ['took', `${Math.round(attempt.timings.totalMs)} ms`],
        ['delivery', tested.delivery?.id],
      ]
    : [['note', tested.note]];
  await output.show({ ...tested, attempt }, fields);
  if (attempt?.outcome !== 'accepted') throw new CommandFailed('The endpoint did not accept the test event.');
}

async function show({ output }: Session, endpoint: Endpoint): Promise<void> {
  const fields = allFields(endpoint).map(
    ([name, value]): Field => (name === 'gate' ? [name, value, colourOf(endpoint.gate)] : [name, value]),
  );
  await output.show(endpoint, fields);
}
