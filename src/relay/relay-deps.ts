// What a relay needs from its process.
import type { FirstAttempter } from '#attempts/first-attempter';
import type { LaneWatch } from '#attempts/lane-watch';
import type { Db } from '#db/store/pool';
import type { DispatchSetting } from '#domain/dispatch-mode';
import type { Reached } from '#runtime/checkpoints';
import type { Logger } from '#runtime/logger';
import type { DispatchMetrics } from '#telemetry/telemetry';
import type { LaneWaker } from '#temporal/lane-waker';
import type { Starter } from '#temporal/starter';
import type { Parking } from './parking.ts';

export interface RelayDeps {
  db: Db;
  /** For its own row and the looks each second: connections that wait for nothing else. */
  lease: Db;
  /** For the endpoints of tenants. */
  reads: Db;
  starter: Starter;
  log: Logger;
  parking: Parking;
  waker: Pick<LaneWaker, 'parked' | 'signal' | 'unblocked'>;
  /** Temporal is away: this process drains the lane of the endpoint itself. */
  drainHere(endpointId: string): void;
  watch: Pick<LaneWatch, 'parks'>;
  /** Names this process to operators, such as host and pid. */
  processName: string;
  dispatch: DispatchSetting;
  dispatchesPerSecond: number;
  /** One for each term: what it makes ahead ends with it. */
  openFirstAttempter(): FirstAttempter;
  metrics?: DispatchMetrics;
  reached?: Reached;
}
