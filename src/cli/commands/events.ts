// `posthorn events`: what producers posted, and what became of it.
import type { Command } from 'commander';
import { time } from '../connection/given.ts';
import { connected, type Session } from '../connection/session.ts';
import { colourOf } from '../terminal/colour.ts';
import { allFields, fieldsText } from '../terminal/fields.ts';
import { column, inPath, type ListOptions, limitOf, listCommand, statusColumn } from './listing.ts';

interface Event {
  id: string;
  type: string;
  occurredAt: string | null;
  acceptedAt: string;
}
interface EventInFull extends Event {
  data: unknown;
  deliveries: { id: string; endpoint: string; status: string; attempts: number; lastMessage: string | null }[];
  endpoints: { endpoint: string; verdict: string }[];
}
interface Explanation {
  endpoint: string;
  code: string;
  message: string;
  status: string | null;
  until: string | null;
}
interface OfTenant {
  tenant?: string;
}

export function addEventCommands(program: Command): void {
  const group = program.command('events').alias('event').description('what producers posted, and what became of it');
  listCommand(group, 'list the events of a tenant')
    .option('-t, --tenant <id>', 'the tenant')
    .option('--since <time>', 'from this time on, or a span such as 2h', time)
    .option('--until <time>', 'before this time', time)
    .action(
      connected(async (session, { since, until, tenant, ...options }: ListOptions & OfTenant & { since?: string; until?: string }) => {
        const items = session.api.list<Event>(`/v1/tenants/${inPath(session.tenant(tenant))}/events`, { since, until }, limitOf(options));
        const columns = [column<Event>('ID', 'id'), column<Event>('TYPE', 'type'), column<Event>('ACCEPTED', 'acceptedAt')];
        await session.output.list(items, { columns, empty: 'There are no events.' });
      }),
    );
  const one = (name: string, description: string) =>
    group.command(`${name} <event>`).description(description).option('-t, --tenant <id>', 'the tenant');
  one('show', 'show an event with its data and deliveries').action(connected(show));
  one('explain', 'say for each endpoint why it did or did not get the event')
    .option('--endpoint <id>', 'only this endpoint')
    .action(connected(explain));
  one('recall', 'send it to no other endpoint, and cancel its unfinished deliveries')
    .option('--erase', 'also erase its data')
    .action(connected(recall));
}

const pathOf = (session: Session, tenant: string | undefined, event: string) =>
  `/v1/tenants/${inPath(session.tenant(tenant))}/events/${inPath(event)}`;

async function show(session: Session, id: string, { tenant }: OfTenant): Promise<void> {
  const { output, api } = session;
  const event = await api.get<EventInFull>(pathOf(session, tenant, id));
  if (output.json) return output.document(event);
  const { deliveries, endpoints: _endpoints, data, ...others } = event;
  await output.text(`${fieldsText(allFields(others), output.options)}\n${JSON.stringify(data, null, 2)}\n`);
  if (deliveries.length === 0) return output.text('No endpoint gets it. `posthorn events explain` says why.');
  type Row = (typeof deliveries)[number];
  const columns = [
    column<Row>('DELIVERY', 'id'),
    column<Row>('ENDPOINT', 'endpoint'),
    statusColumn<Row>('STATUS', ({ status }) => status),
    column<Row>('ATTEMPTS', 'attempts'),
    column<Row>('LAST', 'lastMessage'),
  ];
  await output.list(deliveries, { columns, empty: '' });
}

async function explain(session: Session, id: string, { tenant, endpoint }: OfTenant & { endpoint?: string }): Promise<void> {
  async function* all(): AsyncGenerator<Explanation> {
    for (let after: string | null = null; ; ) {
      const query = { endpoint, ...(after !== null && { after }) };
      const page: { data: Explanation[]; nextAfter: string | null } = await session.api.get(
        `${pathOf(session, tenant, id)}/explain`,
        query,
      );
      yield* page.data;
      if (page.nextAfter === null) return;
      after = page.nextAfter;
    }
  }
  const columns = [
    column<Explanation>('ENDPOINT', 'endpoint'),
    { title: 'WHY', of: ({ code }: Explanation) => code, colour: ({ code }: Explanation) => colourOf(code) },
    column<Explanation>('MESSAGE', 'message'),
  ];
  await session.output.list(all(), { columns, empty: 'The tenant has no endpoints.' });
}

async function recall(session: Session, id: string, { tenant, erase = false }: OfTenant & { erase?: boolean }): Promise<void> {
  type Recalled = { endpoint: string; recalled: number; alreadySent: number };
  const answer = await session.api.post<{ data: Recalled[] }>(`${pathOf(session, tenant, id)}/recall`, erase ? { erase } : {});
  const columns = [
    column<Recalled>('ENDPOINT', 'endpoint'),
    column<Recalled>('RECALLED', 'recalled'),
    column<Recalled>('ALREADY SENT', 'alreadySent'),
  ];
  await session.output.list(answer.data, { columns, empty: 'No endpoint was to get it.' });
}
