// `posthorn deliveries`: events on their way to endpoints.
import type { Command } from 'commander';
import { commaList, time } from '../connection/given.ts';
import { connected, type Session } from '../connection/session.ts';
import { colourOf } from '../terminal/colour.ts';
import { allFields, type Field, fieldsText } from '../terminal/fields.ts';
import type { Output } from '../terminal/output.ts';
import { column, inPath, type ListOptions, limitOf, listCommand, statusColumn } from './listing.ts';

interface Delivery {
  id: string;
  event: string;
  eventType: string;
  tenant: string;
  endpoint: string;
  status: string;
  attempts: number;
  lastMessage: string | null;
  updatedAt: string;
}
interface Attempt {
  number: number;
  round: number;
  startedAt: string;
  outcome: string;
  status: number | null;
  message: string;
  timings: { totalMs: number };
}
interface Filters extends ListOptions {
  tenant?: string;
  endpoint?: string;
  status?: string[];
  type?: string;
  since?: string;
  until?: string;
}

const path = (id: string) => `/v1/deliveries/${inPath(id)}`;

export function addDeliveryCommands(program: Command): void {
  const group = program.command('deliveries').alias('delivery').description('events on their way to endpoints');
  listCommand(group, 'list deliveries')
    .option('-t, --tenant <id>', 'only of this tenant; default: all that the key can see')
    .option('--endpoint <id>', 'only of this endpoint')
    .option('--status <statuses>', 'only with these statuses, such as dead_lettered,retrying', commaList)
    .option('--type <type>', 'only of this event type')
    .option('--since <time>', 'from this time on, or a span such as 2h', time)
    .option('--until <time>', 'before this time', time)
    .action(
      connected(async ({ api, output }, { limit, all, ...filters }: Filters) => {
        await output.list(api.list<Delivery>('/v1/deliveries', { ...filters }, limitOf({ limit, all })), {
          columns,
          empty: 'There are no such deliveries.',
        });
      }),
    );
  group.command('show <delivery>').description('show a delivery and its attempts').action(connected(show));
  group.command('attempts <delivery>').description('list its attempts, with requests and answers').action(connected(attempts));
  group.command('explain <delivery>').description('say why it is where it is').action(connected(explain));
  addActions(group);
}

const columns = [
  column<Delivery>('ID', 'id'),
  statusColumn<Delivery>('STATUS', ({ status }) => status),
  column<Delivery>('TYPE', 'eventType'),
  column<Delivery>('ENDPOINT', 'endpoint'),
  column<Delivery>('ATTEMPTS', 'attempts'),
  column<Delivery>('UPDATED', 'updatedAt'),
  column<Delivery>('LAST', 'lastMessage'),
];

function addActions(group: Command): void {
  for (const [action, description] of [
    ['replay', 'deliver it again'],
    ['cancel', 'make no further attempt'],
    ['retry-now', 'make the next attempt at once'],
    ['release', 'release it from quarantine'],
  ] as const)
    group
      .command(`${action} <delivery>`)
      .description(description)
      .option('--reason <text>', 'why; stored in the audit log')
      .action(
        connected(async ({ api, output }, id: string, options: { reason?: string }) => {
          const delivery = await api.post<Delivery>(`${path(id)}/${action}`, options);
          await output.show(delivery, fieldsOf(delivery));
        }),
      );
}

const attemptColumns = [
  { title: 'ATTEMPT', of: ({ round, number }: Attempt) => (round > 1 ? `${number} (round ${round})` : number) },
  { title: 'OUTCOME', of: ({ outcome }: Attempt) => outcome, colour: ({ outcome }: Attempt) => colourOf(outcome) },
  column<Attempt>('HTTP', 'status'),
  { title: 'TOOK', of: ({ timings }: Attempt) => `${Math.round(timings.totalMs)} ms` },
  column<Attempt>('AT', 'startedAt'),
  column<Attempt>('MESSAGE', 'message'),
];

async function show({ api, output }: Session, id: string): Promise<void> {
  const delivery = await api.get<Delivery>(path(id));
  if (output.json) return output.document(delivery);
  await output.text(fieldsText(fieldsOf(delivery), output.options));
  await listAttempts(output, api.list<Attempt>(`${path(id)}/attempts`));
}

async function attempts({ api, output }: Session, id: string): Promise<void> {
  await listAttempts(output, api.list<Attempt>(`${path(id)}/attempts`));
}

async function listAttempts(output: Output, items: AsyncIterable<Attempt>): Promise<void> {
  await output.list(items, { columns: attemptColumns, empty: 'There was no attempt yet.' });
}

async function explain({ api, output }: Session, id: string): Promise<void> {
  const { tenant, event, endpoint } = await api.get<Delivery>(path(id));
  const answer = await api.get<{ data: object[] }>(`/v1/tenants/${inPath(tenant)}/events/${inPath(event)}/explain`, { endpoint });
  const found = answer.data[0] ?? {};
  await output.show(found, allFields(found));
}

function fieldsOf(delivery: Delivery): Field[] {
  return allFields(delivery).map(([name, value]): Field => (name === 'status' ? [name, value, colourOf(delivery.status)] : [name, value]));
}
