// Moves events from the outbox into dispatches and starts their workflows. After a crash the events stay guarded: before
// the move by their outbox rows, after it by the dispatch row, which the sweep starts again. A row that another relay
// took over is not moved, so no event gets two dispatches.
import { setTimeout as delay } from 'node:timers/promises';
import { createDispatches, type NewDispatch, takeBackDispatch } from '#db/events/dispatches';
import { createGroupCommit, type GroupCommit } from '#db/store/group-commit';
import type { Db } from '#db/store/pool';
import type { DispatchSetting, ModeSwitch } from '#domain/events/dispatch-mode';
import type { Reached } from '#runtime/checkpoints';
import type { Logger } from '#runtime/logger';
import { pause } from '#runtime/pause';
import type { DispatchMetrics } from '#telemetry/relay-metrics';
import type { DispatchRef, Starter } from '#temporal/starter';
import { DispatchQueue, type Leaving, type LeavingKind, toDispatch } from './dispatch-queue.ts';
import { DispatchStarts, type OnlyDelivery } from './start-dispatch.ts';

/** An individual dispatch in adaptive mode keeps its place for so long, because its workflows work on. */
const pacedMs = 50;

/** What became of an event that waited for a dispatch. */
export type Dispatched =
  /** A dispatch guards it. The workflow is started, or left to the sweep. */
  | 'dispatched'
  /** It is not owned by this relay any more. */
  | 'gone'
  /**
   * Its first attempts come before the dispatch now, because the mode has changed to batched, or Temporal is away. To be
   * read from the outbox again, which says whether this relay still owns it, and what exists of it already.
   */
  | 'read_again';

export interface DispatcherDeps {
  db: Db;
  starter: Pick<Starter, 'startDispatch' | 'startDelivery'>;
  log: Logger;
  modes: ModeSwitch;
  dispatch: DispatchSetting;
  /** The cadence of batches. */
  dispatchesPerSecond: number;
  relayId: string;
  /** The pause before a dispatch is written or started again. */
  retryMs: number;
  /** False: this relay has lost its lease. It moves and takes back nothing. */
  mayAct(): boolean;
  metrics?: DispatchMetrics;
  reached?: Reached;
}

interface Waiting extends Leaving {
  resolve(outcome: Dispatched): void;
}

export class Dispatcher {
  readonly #deps: DispatcherDeps;
  readonly #queue: DispatchQueue<Waiting>;
  /** Dispatches that are ready at the same moment share a transaction. */
  readonly #moves: GroupCommit<NewDispatch, number>;
  readonly #starts: DispatchStarts;
  readonly #underWay = new Set<Promise<void>>();
  readonly #stopping = new AbortController();
  #cadence: NodeJS.Timeout | undefined;

  constructor(deps: DispatcherDeps) {
    this.#deps = deps;
    this.#starts = new DispatchStarts(deps, this.#stopping.signal);
    this.#queue = new DispatchQueue({ modes: deps.modes, isPaced: deps.dispatch === 'adaptive' });
    this.#moves = createGroupCommit<NewDispatch, number>({
      write: (dispatches) => createDispatches(deps.db, deps.relayId, dispatches),
      weigh: ({ eventIds }) => eventIds.length,
      maxWeight: 1_000,
    });
  }

  /** Queues the event for a dispatch. Resolves when it left; never, if this relay stops before. */
  dispatch(leaving: Leaving): Promise<Dispatched> {
    return new Promise((resolve) => {
      this.#add({ ...leaving, resolve });
      this.#next();
    });
  }

  #add(waiting: Waiting): void {
    this.#queue.add(waiting);
    this.#cadence ??= setInterval(() => this.#beat(), 1_000 / this.#deps.dispatchesPerSecond).unref();
  }

  /** When nothing waits, there is no cadence. */
  #beat(): void {
    this.#queue.beat();
    this.#next();
    if (this.#queue.waiting() > 0) return;
    clearInterval(this.#cadence);
    this.#cadence = undefined;
  }

  /** Begins the dispatches that may begin now. In batched mode, events that wait for an individual one leave. */
  #next(): void {
    if (!this.#mayAct()) return;
    const nowMs = Date.now();
    if (this.#queue.hasIndividual() && this.#deps.modes.mode(nowMs) === 'batched') end(this.#queue.takeIndividual(), 'read_again');
    for (let group = this.#queue.next(nowMs); group; group = this.#queue.next(nowMs)) this.#begin(group);
  }

  /** True: an individual event may leave at once. Call `dispatch` with it next. */
  takePlace(): boolean {
    return this.#queue.takePlace();
  }

  waiting(): number {
    return this.#queue.waiting();
  }

  /** Drops the waiting events. Resolves when the dispatches in progress have ended. */
  async stop(): Promise<void> {
    this.#stopping.abort();
    this.#queue.clear();
    clearInterval(this.#cadence);
    await Promise.allSettled(this.#underWay);
  }

  #begin(group: Waiting[]): void {
    const kind = group[0]?.kind ?? 'attempted';
    const isPaced = this.#deps.dispatch === 'adaptive' && kind !== 'attempted';
    const dispatching = this.#dispatchTogether(kind, group);
    const ended = (isPaced ? Promise.all([dispatching, delay(pacedMs)]) : dispatching).then(() => {
      this.#underWay.delete(ended);
      this.#queue.ended(kind);
      this.#next();
    });
    this.#underWay.add(ended);
  }

  /**
   * Parked events get a dispatch that is done, and no workflow. While Temporal is away, a batch is left to the sweep.
   * Individual events are taken back, so that their first attempts go ahead. Any other dispatch is tried again each
   * second, which tests Temporal for all, unless Temporal refused it: then it is left to the sweep, too. Never rejects.
   */
  async #dispatchTogether(kind: LeavingKind, group: Waiting[]): Promise<void> {
    const dispatch = toDispatch(group);
    const parked = kind === 'attempted' && group.every((leaving) => leaving.parked);
    const moved = await this.#move(dispatch.dispatchId, kind, group, parked);
    if (moved === 'not_moved') {
      await this.#pause();
      for (const leaving of group) this.#add({ ...leaving, urgent: true });
      return;
    }
    if (moved === 'gone') return end(group, 'gone');
    if (parked) return end(group, 'dispatched');
    // individual events may come back; others need no memory while Temporal is slow
    const mayComeBack = kind === 'individual' && this.#deps.dispatch !== 'individual';
    const only = onlyDelivery(group);
    if (mayComeBack) return end(group, await this.#startOrTakeBack(true, dispatch, only));
    end(group, 'dispatched');
    if (isAttempted(kind)) await this.#starts.startUnlessTested(dispatch, only);
    else await this.#startOrTakeBack(false, dispatch, only);
  }

  async #startOrTakeBack(mayComeBack: boolean, dispatch: DispatchRef, only?: OnlyDelivery): Promise<'dispatched' | 'read_again'> {
    while (this.#mayAct()) {
      const tried = await this.#starts.start(dispatch, only);
      if (tried === 'started') break;
      this.#next();
      if (mayComeBack && (await this.#takeBack(dispatch))) return 'read_again';
      if (!mayComeBack && tried === 'refused') break;
      await this.#pause();
    }
    return 'dispatched';
  }

  async #move(dispatchId: string, kind: LeavingKind, group: Leaving[], done: boolean): Promise<'moved' | 'gone' | 'not_moved'> {
    const { log, relayId, metrics, reached } = this.#deps;
    const planned = isAttempted(kind);
    try {
      const moved = await this.#moves.add({ dispatchId, eventIds: group.map(({ event }) => event.eventId), planned, done });
      if (moved === 0) return 'gone';
      metrics?.dispatched(kind === 'attempted' || group.length > 1 ? 'batch' : 'single');
      await reached?.('dispatch written');
      return 'moved';
    } catch (error) {
      // if the rows moved all the same, the next try finds them gone, and the sweep starts their dispatch
      log.warn({ err: error, relayId }, 'relay.hand_over_failed');
      return 'not_moved';
    }
  }

  /**
   * True: the dispatch holds the events no longer, or its workflow was started after all; the outbox says which. False:
   * PostgreSQL did not answer.
   */
  async #takeBack({ dispatchId }: DispatchRef): Promise<boolean> {
    const { db, log, relayId } = this.#deps;
    if (!this.#mayAct()) return false;
    try {
      await takeBackDispatch(db, relayId, dispatchId);
      return true;
    } catch (error) {
      log.warn({ err: error, dispatchId }, 'relay.not_taken_back');
      return false;
    }
  }

  #mayAct(): boolean {
    return !this.#stopping.signal.aborted && this.#deps.mayAct();
  }

  async #pause(): Promise<void> {
    await pause(this.#deps.retryMs, this.#stopping.signal);
  }
}

const isAttempted = (kind: LeavingKind) => kind === 'attempted' || kind === 'followed';

function onlyDelivery([first, second]: Leaving[]): OnlyDelivery | undefined {
  return first?.only && first.kind !== 'attempted' && !second ? { eventId: first.event.eventId, delivery: first.only } : undefined;
}

function end(group: Waiting[], outcome: Dispatched): void {
  for (const { resolve } of group) resolve(outcome);
}
