// What a scenario of the bench is, and the result of running it.
import type { CrashFigures } from './crash.ts';
import type { Figures } from './figures.ts';
import type { Collected } from './messages.ts';
import type { Cost } from './meter.ts';
import type { Role } from './posthorn.ts';
import type { Mode, Stage } from './stage.ts';

export interface Scenario {
  name: string;
  /** The processes of Posthorn. */
  roles: readonly Role[];
  events: number;
  ratePerSecond?: number;
  atOnce?: number;
  /** The number of endpoints of each tenant. Each event goes to all of them, unless `inTurn`. */
  endpoints: number;
  /** Each event goes to one of the endpoints, in turn, because each has its own event type. */
  inTurn?: boolean;
  /** The number of tenants, whose events come in turn. Absent: one tenant. */
  tenants?: number;
  /** The behaviour of the endpoints, as the query that the receiver parses. */
  query: string;
  /** Additional environment variables of each process. */
  env?: Record<string, string>;
  /** Additional settings of each endpoint. */
  endpoint?: object;
  /** The number of ordering keys, used in turn. */
  keys?: number;
  /** The retry schedule. */
  retries?: readonly string[];
  /** Events of another tenant, sent all at once a second earlier, to an endpoint with this behaviour. */
  noise?: { events: number; query: string };
  /**
   * Kills all processes of Posthorn (`kill -9`) when half of the events are accepted, and restarts them a second later.
   */
  kill?: boolean;
  /** So long nothing is sent before the measured stream. */
  quietMs?: number;
  /** Runs only if it is named. */
  byNameOnly?: boolean;
  /** Not run in individual mode, in which its warm-up alone would take many minutes. */
  notIndividual?: boolean;
  /** Makes what is there before the tenants and the warm-up. Its cost does not count. Returns remarks. */
  prepare?: (stage: Stage) => Promise<string[]>;
  /** How long to wait for the deliveries after the last event, in milliseconds. */
  withinMs?: number;
  /** Additional milliseconds before the timeout. */
  extraMs?: number;
  /** How to run it, if it is more than one stream of load. */
  play?: Play;
  /** Additional results of the measured stream. */
  remarks?: (stage: Stage, prefix: string, collected: Collected) => string[] | Promise<string[]>;
}

/** The number of deliveries of an event. */
export const fanOutOf = ({ endpoints, inTurn }: Scenario) => (inTurn ? 1 : endpoints);

/** The part of a stream that says to which tenants and endpoints its events go. */
export const turnsOf = ({ endpoints, inTurn, tenants }: Scenario) => ({ tenants, types: inTurn ? endpoints : undefined });

export type Play = (stage: Stage, scenario: Scenario, mode: Mode) => Promise<RunResult>;

export interface RunResult extends Figures, Cost {
  scenario: string;
  /** `beside`: another server. */
  mode: Mode | 'beside';
  /** The scenario's number of events, if fewer were sent. */
  cutFrom?: number;
  /** Milliseconds from the last delivery until nothing waits, at most 3 s. Its CPU time counts. */
  settleMs: number;
  crash?: CrashFigures;
  /** Additional results of the scenario, as text. */
  remarks?: string[];
}
