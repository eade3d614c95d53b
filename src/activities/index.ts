// Creates all activities of a worker from their dependencies.
import type { Challenge } from '#attempts/challenge';
import type { Engine } from '#attempts/engine';
import type { Slots } from '#attempts/slots';
import type { Opening } from '#db/events/read-content';
import type { Db } from '#db/store/pool';
import type { ModeSwitch } from '#domain/events/dispatch-mode';
import type { Lanes } from '#domain/lanes/lane';
import type { Timings } from '#domain/timings';
import type { Drain } from '#lanes/drain-types';
import type { SetGate } from '#lanes/set-gate';
import type { SkipHead } from '#lanes/skip-head';
import type { Reached } from '#runtime/checkpoints';
import type { GiveCommand } from '#temporal/commands';
import type { Starter } from '#temporal/starter';
import { createAttemptDelivery } from './attempt-delivery.ts';
import { createBeginDelivery } from './begin-delivery.ts';
import { createChallengeEndpoint, createGiveUpVerification } from './challenge-endpoint.ts';
import { createCommandReplay } from './command-replay.ts';
import { createDispatchPage } from './dispatch-page.ts';
import { createDrainLane } from './drain-lane.ts';
import { createDriveReplay } from './drive-replay.ts';
import { createFollowKey } from './follow-key.ts';
import { createKeepStore } from './keep-store.ts';
import { createObeyDeliveryCommand } from './obey-delivery-command.ts';
import { createObeyOrders } from './obey-orders.ts';
import { createPlanDelivery, type PlanDeliveryDeps, plannedFirst } from './plan-delivery.ts';
import { createReadDelivery } from './read-delivery.ts';
import { createSetGate } from './set-gate.ts';
import { createSkipHeadActivity } from './skip-head.ts';
import { createTakeBackKey } from './take-back-key.ts';

export interface ActivityDeps {
  db: Db;
  /** For long work that attempts must not wait for. Default: `db`. */
  flow?: Db;
  /** Reads the content of events, for filters. */
  contents: Opening;
  /** Aborted when the process stops. */
  stopping?: AbortSignal;
  engine: Engine;
  starter: Starter;
  waker: Lanes & PlanDeliveryDeps['waker'];
  giveCommand: GiveCommand;
  setGate: SetGate;
  skipHead: SkipHead;
  places: Pick<Slots, 'take'>;
  challenge: Challenge;
  disableAfterMs: number;
  modes?: ModeSwitch;
  timings?: Timings;
  reached?: Reached;
  pageSize?: number;
  /** Traces are on. */
  isTraced?: boolean;
}

export type Activities = ReturnType<typeof createActivities>;

export function createActivities(deps: ActivityDeps) {
  const { db, contents, engine, starter, waker, giveCommand, setGate, skipHead, places, challenge, disableAfterMs, reached, pageSize } =
    deps;
  const planDelivery = createPlanDelivery({ db, waker, reached });
  return {
    attemptDelivery: createAttemptDelivery(engine, planDelivery, deps.timings?.heartbeat.attempt, deps.modes),
    dispatchPage: createDispatchPage({ db, contents, starter, waker, reached, pageSize, isTraced: deps.isTraced }),
    beginDelivery: createBeginDelivery({ db, engine, planDelivery, timings: deps.timings }),
    obeyDeliveryCommand: plannedFirst(planDelivery, createObeyDeliveryCommand(db, waker)),
    readDelivery: plannedFirst(planDelivery, createReadDelivery(db)),
    obeyOrders: createObeyOrders({ giveCommand, setGate, skipHead }),
    setGate: createSetGate(setGate),
    skipHead: createSkipHeadActivity(skipHead),
    challengeEndpoint: createChallengeEndpoint({ db, lanes: waker, places, challenge }),
    giveUpVerification: createGiveUpVerification(db),
    keepStore: createKeepStore(db, waker, disableAfterMs),
    followKey: createFollowKey(db),
    takeBackKey: createTakeBackKey(db),
    ...createCommandReplay(db),
    driveReplay: createDriveReplay({
      db: deps.flow ?? db,
      contents,
      lanes: waker,
      timings: deps.timings,
      reached,
      stopping: deps.stopping,
    }),
  };
}

/** Activities of the lanes' task queue. */
export type LaneActivities = ReturnType<typeof createLaneActivities>;

/** `mayWait`: see drain-lane.ts. */
export function createLaneActivities(drain: Drain, timings?: Timings, mayWait?: (tenantId: string) => boolean) {
  return { drainLane: createDrainLane(drain, timings?.heartbeat.drain, mayWait) };
}
