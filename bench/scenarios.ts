// The scenarios of the bench: what is sent, at what pace, to what kind of endpoints.

import type { Collected } from './messages.ts';
import type { Play } from './run.ts';
import type { Stage } from './stage.ts';

export type Role = 'start' | 'server' | 'worker';

export interface Scenario {
  name: string;
  /** The processes of Posthorn. */
  roles: readonly Role[];
  events: number;
  ratePerSecond?: number;
  atOnce?: number;
  /** Each event goes to all of them. */
  endpoints: number;
  /** What the endpoints do: the query that the receiver understands. */
  query: string;
  /** More of the environment of each process. */
  env?: Record<string, string>;
  /** More settings of each endpoint. */
  endpoint?: object;
  /** So many ordering keys in turn. */
  keys?: number;
  /** Waits between attempts. */
  retries?: readonly string[];
  /** Another tenant's events, all at once and a second before, to an endpoint that does this. */
  noise?: { events: number; query: string };
  /** `kill -9` of all processes of Posthorn when half of the events are accepted, and a new start a second later. */
  kill?: boolean;
  /** Only when asked for by name. */
  byNameOnly?: boolean;
  /** How long it may take beside the usual. */
  extraMs?: number;
  /** What is done with it, when it is more than one stream of load. */
  play?: Play;
  /** What else it shows of the measured stream. */
  tell?: (stage: Stage, prefix: string, collected: Collected) => string[] | Promise<string[]>;
}

/** More than this many deliveries would take minutes where each event is a workflow of its own. */
export const individualLimit = 300;

export function scenarios({ quick, minutes }: { quick: boolean; minutes: number }): Scenario[] {
  const size = (full: number) => (quick ? Math.ceil(full / 5) : full);
  const seconds = quick ? 10 : 30;
  const plain = { roles: ['start'], endpoints: 1, query: '' } as const;
  const burst = { ...plain, events: size(5_000), atOnce: 32 };
  const soakMs = minutes * 60_000;
  const steady = (ratePerSecond: number) => ({ ...plain, name: `rate-${ratePerSecond}`, events: ratePerSecond * seconds, ratePerSecond });
  const workers = (count: number): Scenario => ({
    ...burst,
    name: `workers-${count}`,
    roles: ['server', ...Array.from({ length: count }, () => 'worker' as const)],
    events: size(5_000),
    // 100 deliveries a second for each worker: it is they that are measured, and not the processor they share
    query: '?ms=100',
    env: { POSTHORN_IN_FLIGHT: '10' },
  });
  return [
    { ...burst, name: 'burst' },
    { ...burst, name: 'fan-out', events: size(200), endpoints: 25 },
    steady(5),
    steady(50),
    steady(200),
    { ...steady(50), name: 'failing', query: '?percent=20', retries: ['500ms', '1s', '2s', '4s'] },
    { ...plain, name: 'noisy', events: quick ? 200 : 400, ratePerSecond: 20, noise: { events: 500, query: '?ms=10000' } },
    { ...burst, name: 'crash', kill: true },
    ...[1, 2, 4].map(workers),
    { ...steady(200), name: 'soak', events: Math.ceil((200 * soakMs) / 1_000), byNameOnly: true, extraMs: soakMs },
  ];
}

/** Those asked for, by their names or the start of their names; all but the long ones when nothing was asked. */
export function chosen(all: readonly Scenario[], names: readonly string[]): Scenario[] {
  if (names.length === 0) return all.filter(({ byNameOnly }) => !byNameOnly);
  for (const name of names) {
    if (!all.some((scenario) => matches(scenario, name))) {
      throw new Error(`there is no scenario ${name}; there are ${all.map((scenario) => scenario.name).join(', ')}`);
    }
  }
  return all.filter((scenario) => names.some((name) => matches(scenario, name)));
}

const matches = (scenario: Scenario, name: string) => scenario.name === name || scenario.name.startsWith(`${name}-`);
