// `posthorn filters test`: whether an event matches a filter, and which part of it decides.
import type { Command } from 'commander';
import { jsonOf } from '../connection/given.ts';
import { connected, type Session } from '../connection/session.ts';
import { UsageError } from '../terminal/exit-codes.ts';
import { allFields } from '../terminal/fields.ts';
import { inPath } from './listing.ts';

interface Given {
  filter?: string;
  endpoint?: string;
  type?: string;
  data?: string;
  event?: string;
  tenant?: string;
}

interface Tested {
  matches: boolean;
  decidedBy: string;
}

export function addFilterCommands(program: Command): void {
  program
    .command('filters')
    .description('filters of endpoints')
    .command('test')
    .description('say whether an event matches a filter, and which part of the filter decides')
    .option('--filter <json>', 'the filter, as JSON, @file or - for standard input')
    .option('--endpoint <endpoint>', 'or the filter of this endpoint')
    .option('--type <type>', 'type of the event')
    .option('-d, --data <json>', 'data of the event, as JSON, @file or - for standard input')
    .option('--event <event>', 'or type and data of this stored event')
    .option('--tenant <tenant>', 'tenant of the stored event')
    .action(
      connected(async (session, given: Given) => {
        const [filter, event] = [await filterOf(session, given), await eventOf(session, given)];
        const tested = await session.api.post<Tested>('/v1/filters/test', { filter, event });
        await session.output.show(tested, allFields({ ...tested, decidedBy: tested.decidedBy || '(the whole filter)' }));
      }),
    );
}

async function filterOf({ api }: Session, { filter, endpoint }: Given): Promise<unknown> {
  if (filter !== undefined) return jsonOf(filter, '--filter');
  if (endpoint === undefined) throw new UsageError('Which filter? Add --filter <json> or --endpoint <endpoint>.');
  const found = await api.get<{ filter: unknown }>(`/v1/endpoints/${inPath(endpoint)}`);
  if (found.filter === null) throw new UsageError(`${endpoint} has no filter.`);
  return found.filter;
}

async function eventOf(session: Session, { type, data, event, tenant }: Given): Promise<{ type: string; data: unknown }> {
  if (event !== undefined) {
    const stored = await session.api.get<{ type: string; data: unknown; erasedAt: string | null }>(
      `/v1/tenants/${inPath(session.tenant(tenant))}/events/${inPath(event)}`,
    );
    if (stored.erasedAt !== null) throw new UsageError(`The content of ${event} was erased at ${stored.erasedAt}.`);
    return { type: type ?? stored.type, data: data === undefined ? stored.data : jsonOf(data, '--data') };
  }
  if (type === undefined || data === undefined)
    throw new UsageError('Which event? Add --type <type> and --data <json>, or --event <event>.');
  return { type, data: jsonOf(data, '--data') };
}
