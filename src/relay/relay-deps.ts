// The dependencies of a relay, provided by its process.
import type { FirstAttempter } from '#attempts/first-attempter';
import type { LaneWatch } from '#attempts/lane-watch';
import type { ReservedSlots } from '#attempts/reserved-slots';
import type { Opening } from '#db/events/read-content';
import type { Db } from '#db/store/pool';
import type { DispatchSetting, ModeSwitch } from '#domain/events/dispatch-mode';
import type { Timings } from '#domain/timings';
import type { Reached } from '#runtime/checkpoints';
import type { Logger } from '#runtime/logger';
import type { ProcessPlace } from '#runtime/process-facts';
import type { DispatchMetrics } from '#telemetry/relay-metrics';
import type { LaneWaker } from '#temporal/lane-waker';
import type { Starter } from '#temporal/starter';
import type { Tracing } from '#tracing/tracing';
import type { LanesHere } from './lanes-here.ts';
import type { Parking } from './parking.ts';
import type { PumpParts } from './pump.ts';

export interface RelayDeps {
  db: Db;
  /** For the relay's own row and its checks every second: connections that no other work uses. */
  lease: Db;
  /** For reading the endpoints of tenants. */
  reads: Db;
  starter: Starter;
  /** Why this process cannot use Temporal at the moment. Null: it can. */
  temporalTrouble(): string | null;
  log: Logger;
  parking: Parking;
  /** Reads the content of events, for filters. */
  contents: Opening;
  waker: Pick<LaneWaker, 'parked' | 'changed' | 'signal' | 'unblocked'>;
  /** Lanes above the budget of workflows, and all of them while Temporal is away. */
  lanesHere: Pick<LanesHere, 'drain' | 'mayWake' | 'isDue' | 'look' | 'mayHaveLeft' | 'wakeLeft'>;
  watch: Pick<LaneWatch, 'parks'>;
  /** Names this process to operators, such as host and pid. */
  processName: string;
  /** Of this process. Null: others on the host cannot know whether it is alive. */
  place: ProcessPlace | null;
  /** Keeps slots for deliveries whose workflows it starts. */
  reserved?: Pick<ReservedSlots, 'reserve'>;
  dispatch: DispatchSetting;
  /** The budget of workflows of this process. */
  modes: ModeSwitch;
  dispatchesPerSecond: number;
  /** Called once for each lease. Its first attempts end with the lease. */
  openFirstAttempter(): FirstAttempter;
  /** For the attempts of deliveries without a workflow. */
  pump: PumpParts;
  timings: Timings;
  metrics?: DispatchMetrics;
  /** Absent: traces are off. */
  tracing?: Pick<Tracing, 'fannedOut'> | undefined;
  reached?: Reached;
}
