// `posthorn replays`: jobs that deliver again what was not delivered.
import { setTimeout as delay } from 'node:timers/promises';
import type { Command } from 'commander';
import { commaList, time, wholeNumber } from '../connection/given.ts';
import { connected, type Session } from '../connection/session.ts';
import { colourOf } from '../terminal/colour.ts';
import { CommandFailed } from '../terminal/exit-codes.ts';
import { allFields, type Field } from '../terminal/fields.ts';
import { Progress } from '../terminal/progress.ts';
import { column, inPath, type ListOptions, limitOf, listCommand, statusColumn } from './listing.ts';

interface Replay {
  id: string;
  status: string;
  matched: number | null;
  done: number;
  succeeded: number;
  failed: number;
  skipped: number;
  createdAt: string;
  estimatedEndAt: string | null;
}

interface ToReplay {
  tenant?: string;
  endpoint?: string;
  status?: string[];
  types?: string[];
  neverAttempted?: boolean;
  since: string;
  until?: string;
  perSecond?: number;
  dryRun?: boolean;
  watch?: boolean;
}

const path = (id: string) => `/v1/replays/${inPath(id)}`;
const watchMs = 1_000;

export function addReplayCommands(program: Command): void {
  const group = program.command('replays').alias('replay').description('deliver again what was not delivered');
  listCommand(group, 'list replay jobs')
    .option('-t, --tenant <id>', 'only of this tenant')
    .option('--status <statuses>', 'only with these statuses', commaList)
    .action(
      connected(async ({ api, output }, { tenant, status, ...options }: ListOptions & { tenant?: string; status?: string[] }) => {
        await output.list(api.list<Replay>('/v1/replays', { tenant, status }, limitOf(options)), {
          columns,
          empty: 'There are no replay jobs.',
        });
      }),
    );
  group
    .command('show <replay>')
    .description('show a job')
    .action(connected(async (session, id: string) => show(session, await session.api.get<Replay>(path(id)))));
  group
    .command('watch <replay>')
    .description('show its progress until it ends; exit code 1 if it is cancelled or fails')
    .action(connected(watch));
  addCreate(group);
  addActions(group);
}

const columns = [
  column<Replay>('ID', 'id'),
  statusColumn<Replay>('STATUS', ({ status }) => status),
  { title: 'DONE', of: ({ done, matched }: Replay) => (matched === null ? done : `${done}/${matched}`) },
  column<Replay>('SUCCEEDED', 'succeeded'),
  column<Replay>('FAILED', 'failed'),
  column<Replay>('CREATED', 'createdAt'),
];

function addCreate(group: Command): void {
  group
    .command('create')
    .description('start a job')
    .option('-t, --tenant <id>', 'the tenant')
    .option('--endpoint <id>', 'only of this endpoint')
    .option('--status <statuses>', 'only deliveries with these statuses, such as dead_lettered', commaList)
    .option('--types <types>', 'only of these event types', commaList)
    .option('--never-attempted', 'events that the endpoint never got')
    .requiredOption('--since <time>', 'accepted from this time on, or a span such as 2h', time)
    .option('--until <time>', 'accepted before this time; default: now', time)
    .option('--per-second <number>', 'how many in a second', wholeNumber)
    .option('--dry-run', 'only count what matches')
    .option('--watch', 'show its progress until it ends')
    .action(
      connected(async (session, { watch: watches = false, tenant, until, ...options }: ToReplay) => {
        const body = { ...options, tenant: session.tenant(tenant), until: until ?? new Date().toISOString() };
        const replay = await session.api.post<Replay>('/v1/replays', body);
        if (watches && !options.dryRun) return watch(session, replay.id);
        await show(session, replay);
      }),
    );
}

function addActions(group: Command): void {
  for (const [action, description] of [
    ['pause', 'pause a job'],
    ['resume', 'go on with a paused or failed job'],
    ['cancel', 'end a job; what it has replayed stays replayed'],
  ] as const)
    group
      .command(`${action} <replay>`)
      .description(description)
      .action(connected(async (session, id: string) => show(session, await session.api.post<Replay>(`${path(id)}/${action}`))));
  group
    .command('update <replay>')
    .description('change the pace of a job')
    .requiredOption('--per-second <number>', 'how many in a second', wholeNumber)
    .action(
      connected(async (session, id: string, { perSecond }: { perSecond: number }) =>
        show(session, await session.api.patch<Replay>(path(id), { perSecond })),
      ),
    );
}

async function watch(session: Session, id: string): Promise<void> {
  const progress = new Progress(session.output);
  let replay = await session.api.get<Replay>(path(id));
  while (!['done', 'cancelled', 'failed'].includes(replay.status)) {
    progress.show(replay.done, replay.matched, `${replay.status}, ${replay.succeeded} succeeded, ${replay.failed} failed`);
    await delay(watchMs);
    replay = await session.api.get<Replay>(path(id));
  }
  progress.end();
  await show(session, replay);
  if (replay.status !== 'done') throw new CommandFailed(`The replay job is ${replay.status}.`);
}

async function show({ output }: Session, replay: Replay): Promise<void> {
  const fields = allFields(replay).map(
    ([name, value]): Field => (name === 'status' ? [name, value, colourOf(replay.status)] : [name, value]),
  );
  await output.show(replay, fields);
}
