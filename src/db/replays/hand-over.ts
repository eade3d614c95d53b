// One page of a replay job, in one transaction: takes the next deliveries that are due at its pace, opens their next round,
// and moves the cursor. So no delivery is replayed twice, whichever worker runs the page, and wherever it dies.
import { uuidOf } from '#domain/ids';
import { nextSlots, paceAfter, type Slots } from '#domain/replays/pace';
import type { ReplayStatus } from '#domain/replays/replay';
import type { Opening } from '../events/read-content.ts';
import { type Db, inTransaction } from '../store/pool.ts';
import { createDeliveries, openNextRound } from './handed-over.ts';
import { scanEvents } from './never-attempted.ts';
import { type HandedOver, type Job, lockJob, type Phase, savePage } from './replay-job.ts';
import { type Querying, scanDeliveries } from './selection.ts';

/** `aheadMs`: deliveries are handed over so long before they are due. `most`: in one page. */
export interface PageSize {
  aheadMs: number;
  most: number;
}

export interface Page {
  status: ReplayStatus;
  phase: Phase;
  /** Milliseconds until more are due; 0: go on at once. */
  waitMs: number;
  /** Endpoints whose lane holds some of them. */
  held: string[];
  /** Endpoints whose lane waited for some of them. */
  unblocked: string[];
}

/** Null: no such job. Safe to call from several processes: they take turns. */
export function handOver(db: Db, contents: Opening, replayId: string, size: PageSize): Promise<Page | null> {
  return inTransaction(db, async (client) => {
    const job = await lockJob(client, replayId);
    if (!job) return null;
    const nothing = { status: job.status, phase: job.phase, held: [], unblocked: [] };
    if (job.status !== 'running' || job.phase === 'results') return { ...nothing, waitMs: 0 };
    const slots = nextSlots(job.pace, job.perSecond, size);
    if (slots.dueInMs.length === 0) return { ...nothing, waitMs: slots.nextInMs - size.aheadMs };
    return takePage(client, contents, job, slots, size);
  });
}

async function takePage(client: Querying, contents: Opening, job: Job, slots: Slots, size: PageSize): Promise<Page> {
  const take = job.phase === 'deliveries' ? takeDeliveries : takeEvents;
  const { taken, reached } = await take(client, contents, job, slots);
  const isOver = reached >= job.selected.below;
  const phase = isOver ? nextPhase(job) : job.phase;
  const pace = paceAfter(job.pace, job.perSecond, slots, taken.length);
  await savePage(client, job, { phase, cursor: isOver ? job.selected.from : reached, taken, pace });
  const waitMs = taken.length < slots.dueInMs.length ? 0 : Math.max(0, slots.nextInMs - size.aheadMs);
  const endpointsOf = (which: (one: HandedOver) => boolean) => [...new Set(taken.filter(which).map(({ endpointId }) => endpointId))];
  return { status: job.status, phase, waitMs, held: endpointsOf((one) => one.parks), unblocked: endpointsOf((one) => one.unblocks) };
}

function nextPhase({ phase, selected }: Job): Phase {
  return phase === 'deliveries' && selected.neverAttempted ? 'events' : 'results';
}

/** `reached`: the new cursor. */
interface Taken {
  taken: HandedOver[];
  reached: string;
}

/** How many rows to look at for so many slots: it may be that all are wanted, or few. */
const looksAt = (slots: number) => Math.min(2_000, Math.max(200, 4 * slots));

async function takeDeliveries(client: Querying, contents: Opening, job: Job, { dueInMs }: Slots): Promise<Taken> {
  const { found, reached } = await scanDeliveries(client, contents, job.selected, job.cursor, looksAt(dueInMs.length));
  const chosen = found.slice(0, dueInMs.length).map((deliveryId, n) => ({ deliveryId, dueInMs: dueInMs[n] ?? 0 }));
  const last = chosen.at(-1);
  const isCut = last !== undefined && found.length > chosen.length;
  return { taken: await openNextRound(client, job, chosen), reached: isCut ? uuidOf(last.deliveryId) : reached };
}

/**
 * The cursor passes an event when all its deliveries are made. One that is cut off is found again, then without those
 * that it has by now.
 */
async function takeEvents(client: Querying, contents: Opening, job: Job, { dueInMs }: Slots): Promise<Taken> {
  const { found, reached } = await scanEvents(client, contents, job.selected, job.cursor, looksAt(dueInMs.length));
  const chosen = found.slice(0, dueInMs.length).map((one, n) => ({ ...one, dueInMs: dueInMs[n] ?? 0 }));
  const next = found[chosen.length];
  const whole = next && chosen.findLast(({ eventId }) => eventId !== next.eventId);
  const cursor = next ? (whole ? uuidOf(whole.eventId) : job.cursor) : reached;
  return { taken: await createDeliveries(client, job, chosen), reached: cursor };
}
