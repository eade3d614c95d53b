// `posthorn listen`: streams the deliveries of an endpoint to a receiver on this machine.
import { dirname, join } from 'node:path';
import type { Command } from 'commander';
import { readCliConfig } from '#config/cli';
import type { ListenAnswer, ListenedRequest } from '#domain/endpoints/listen';
import { profilesFile } from '#profiles/profiles';
import { commaList, jsonOf } from '../connection/given.ts';
import { connected, type Session } from '../connection/session.ts';
import { echoed } from '../listen/challenge.ts';
import { forward, targetOf } from '../listen/forward.ts';
import { type ListenerEndpoint, openEndpoint, usualName } from '../listen/listener-endpoint.ts';
import { receive } from '../listen/receive.ts';
import { type Colour, paint } from '../terminal/colour.ts';
import { UsageError } from '../terminal/exit-codes.ts';
import type { Output } from '../terminal/output.ts';
import { onStopSignal } from '../terminal/stop-signals.ts';
import { inert } from '../terminal/visible.ts';

interface Options {
  forwardTo: string;
  tenant?: string;
  eventTypes?: string[];
  channels?: string[];
  filter?: string;
  name?: string;
  insecure?: boolean;
  delete?: boolean;
}

export function addListenCommand(program: Command): void {
  program
    .command('listen')
    .description('stream deliveries to a receiver on this machine; its answers are the outcomes of the attempts')
    .requiredOption('-f, --forward-to <url>', 'the receiver, such as localhost:3000/hook')
    .option('-t, --tenant <id>', 'the tenant')
    .option('--event-types <patterns>', 'only these event types, such as order.*', commaList)
    .option('--channels <names>', 'only events with one of these channels', commaList)
    .option('--filter <json>', 'only events whose content matches')
    .option('--name <name>', 'name of the endpoint that is made and found again (default: made of user, machine and profile)')
    .option('--insecure', 'do not check the certificate of an https receiver')
    .option('--delete', 'delete the endpoint at the end')
    .action(connected(listen));
}

async function listen(session: Session, options: Options): Promise<void> {
  const { api, output } = session;
  const to = targetOf(options.forwardTo);
  if (!to) throw new UsageError(`--forward-to: ${options.forwardTo} must be a host and path such as localhost:3000/hook, or a URL`);
  if (options.name !== undefined && !/^[\w.-]{1,100}$/.test(options.name))
    throw new UsageError('--name: must be letters, digits, _ . or -');
  const file = join(dirname(profilesFile(readCliConfig())), 'listeners.json');
  const wanted = {
    tenant: session.tenant(options.tenant),
    name: options.name ?? usualName(session.profile.name),
    eventTypes: options.eventTypes,
    channels: options.channels,
    ...(options.filter !== undefined && { filter: jsonOf(options.filter, '--filter') }),
  };
  const { endpoint, secret } = await openEndpoint(api, wanted, file);
  const stop = untilSignal();
  let announced = false;
  await receive(api, {
    endpointId: endpoint.id,
    signal: stop,
    onRequest: (request) => Promise.resolve(echoed(request, to.host) ?? forward(request, { to, insecure: options.insecure ?? false })),
    onAnswered: (request, answer, isLate) => void output.show(shown(request, answer, isLate), line(output, request, answer, isLate)),
    onReady() {
      if (announced) return output.note('Connected again.');
      announced = true;
      announce(output, endpoint, secret, to);
    },
    onLost: (reason, ms) => output.note(`Not connected: ${inert(reason)}. Trying again in ${ms / 1_000} s.`),
  });
  if (!options.delete) return;
  await api.delete(`/v1/endpoints/${endpoint.id}`);
  output.note(`${endpoint.id} is deleted.`);
}

function untilSignal(): AbortSignal {
  const stop = new AbortController();
  onStopSignal(() => stop.abort());
  return stop.signal;
}

function announce(output: Output, { id, tenant, eventTypes, gate, gateReason }: ListenerEndpoint, secret: string, to: URL): void {
  if (output.json) return void output.document({ kind: 'ready', endpoint: id, tenant, eventTypes, secret, forwardTo: to.href });
  output.note(
    `Listening as endpoint ${id} of tenant ${tenant} for ${eventTypes.length === 0 ? 'all event types' : eventTypes.join(', ')}.`,
  );
  output.note(`Requests go to ${to.href}. They are signed with ${secret}`);
  if (gate !== 'open') output.note(`The endpoint is ${gate}: ${gateReason}. \`posthorn endpoints resume ${id}\` lets its deliveries come.`);
  output.note('Ctrl-C stops it.');
}

const header = ({ headers }: ListenedRequest, wanted: string) => headers.find(([name]) => name.toLowerCase() === wanted)?.[1] ?? null;

function typeOf({ body }: ListenedRequest): string | null {
  try {
    const { type } = JSON.parse(Buffer.from(body, 'base64').toString()) as { type?: unknown };
    return typeof type === 'string' ? type : null;
  } catch {
    return null;
  }
}

function shown(request: ListenedRequest, { status, totalMs, error }: ListenAnswer, isLate: boolean) {
  const [event, delivery, attempt] = ['webhook-id', 'posthorn-delivery', 'posthorn-attempt'].map((name) => header(request, name));
  const outcome = { status: status ?? null, error: error ?? null, totalMs: Math.round(totalMs), isLate };
  return { kind: 'request', event, eventType: typeOf(request), delivery, attempt: attempt === null ? null : Number(attempt), ...outcome };
}

function line(output: Output, request: ListenedRequest, answer: ListenAnswer, isLate: boolean): string {
  const { event, eventType, attempt } = shown(request, answer, isLate);
  const { status, error, totalMs } = answer;
  const colour: Colour = status !== undefined && status < 300 ? 'green' : 'red';
  const result = paint(status === undefined ? inert(`${error?.code}: ${error?.message}`) : String(status), colour, output.options.colours);
  const late = isLate ? ', too late: the attempt did not wait for it' : '';
  const again = attempt !== null && attempt > 1 ? `  attempt ${attempt}` : '';
  return `${new Date().toISOString().slice(11, 19)}  ${inert(eventType ?? '-')}  ${inert(event ?? '-')}${again}  ${result}  ${Math.round(totalMs)} ms${late}`;
}
