// The faults of the chaos runs. Each ends with everything running again.
import { setTimeout as delay } from 'node:timers/promises';
import type { LinkState } from '../support/tcp-proxy.ts';
import { type Installation, links, type ProcessName } from './installation.ts';

export interface Fault {
  name: string;
  /** `lastsMs`: how long the disturbance lasts, besides restarts. */
  run(on: Installation, lastsMs: number): Promise<void>;
}

const kill = (process: ProcessName): Fault => ({ name: `SIGKILL of ${process}`, run: (on) => on.killAndRestart(process) });

const network = (link: (typeof links)[number], state: LinkState): Fault => ({
  name: `${link} ${typeof state === 'number' ? `delayed by ${state} ms` : state}`,
  async run(on, lastsMs) {
    on.link[link].set(state);
    await delay(lastsMs);
    on.link[link].set('open');
  },
});

const temporalKilled: Fault = {
  name: 'SIGKILL of Temporal',
  async run({ temporal }, lastsMs) {
    await temporal.kill();
    await delay(lastsMs);
    await temporal.start();
  },
};

const postgresKilled: Fault = {
  name: 'immediate stop of PostgreSQL',
  async run({ postgres }, lastsMs) {
    await postgres.kill();
    await delay(lastsMs);
    await postgres.start();
  },
};

const clockJump: Fault = {
  name: 'a jump of the clock by an hour, and back',
  async run(on, lastsMs) {
    on.shiftClock(3_600);
    await delay(lastsMs);
    on.shiftClock(0);
  },
};

const diskFull: Fault = {
  name: 'a full disk under PostgreSQL',
  async run({ disk, postgres }, lastsMs) {
    disk.fill();
    await delay(lastsMs);
    disk.empty();
    // without space for its log, PostgreSQL ends
    await postgres.start();
  },
};

/** By name. */
export const faults: readonly Fault[] = [
  kill('api'),
  kill('worker 1'),
  kill('worker 2'),
  temporalKilled,
  postgresKilled,
  clockJump,
  diskFull,
  ...links.flatMap((link) => (['cut', 'blackhole', 50, 500] as const).map((state) => network(link, state))),
];
