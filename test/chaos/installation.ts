// A Posthorn of one API and two workers on its own PostgreSQL and Temporal, with a network between them that tests can
// disturb. One of ten endpoints refuses everything until it is healed.
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileOfPackage } from '../support/debian.ts';
import { type OwnPostgres, type OwnTemporal, startOwnPostgres, startOwnTemporal } from '../support/own-servers.ts';
import type { PosthornProcess } from '../support/posthorn-process.ts';
import { patientLeases } from '../support/quick-timings.ts';
import { startTcpProxy, type TcpProxy } from '../support/tcp-proxy.ts';
import { openStage, type Stage } from './stage.ts';

export const links = ['api-postgres', 'workers-postgres', 'api-temporal', 'workers-temporal', 'workers-receiver'] as const;
export type LinkName = (typeof links)[number];

export type ProcessName = 'api' | 'worker 1' | 'worker 2';

export interface Installation {
  stage: Stage;
  postgres: OwnPostgres;
  temporal: OwnTemporal;
  link: Record<LinkName, TcpProxy>;
  tenant: string;
  process(name: ProcessName): PosthornProcess;
  /** Resolves when the process is gone, and another one in its place is ready. */
  killAndRestart(name: ProcessName): Promise<void>;
  /** Sets the clocks of the API and of worker 1 to so many seconds from now. */
  shiftClock(seconds: number): void;
  disk: Disk;
  /** From now on the failing endpoint accepts. */
  heal(): void;
  close(failed: boolean): Promise<void>;
}

export async function openInstallation(): Promise<Installation> {
  const disk = makeDisk();
  const [postgres, temporal, clock] = await Promise.all([
    startOwnPostgres(disk.folder, { max_wal_size: '64MB', min_wal_size: '32MB' }),
    startOwnTemporal(),
    openClock(),
  ]);
  const stage = await openStage({
    namespace: 'default',
    temporalAddress: temporal.address,
    databaseUrl: postgres.url,
    timings: patientLeases,
    env: { POSTHORN_DISPATCH: 'adaptive', DATABASE_POOL: '16' },
  });
  const link = await openLinks({ postgres: postgres.port, temporal: portOf(temporal.address), receiver: portOf(stage.receiver.url) });
  const processes = new Map<ProcessName, PosthornProcess>();
  const start = async (name: ProcessName) => {
    const side = name === 'api' ? 'api' : 'workers';
    const database = new URL(postgres.url);
    database.port = String(link[`${side}-postgres`].port);
    const env = {
      DATABASE_URL: database.href,
      TEMPORAL_ADDRESS: link[`${side}-temporal`].address,
      ...(name !== 'worker 2' && clock.env),
    };
    processes.set(name, await stage.start({ role: name === 'api' ? 'server' : 'worker', env, awaited: 'listening' }));
  };
  await start('api');
  await Promise.all([start('worker 1'), start('worker 2')]);
  const process = (name: ProcessName) => {
    const found = processes.get(name);
    if (!found) throw new Error(`there is no ${name}`);
    return found;
  };
  return {
    stage,
    postgres,
    temporal,
    link,
    process,
    disk,
    tenant: await makeEndpoints(process('api'), stage, link['workers-receiver'].port),
    async killAndRestart(name) {
      await process(name).kill();
      await start(name);
    },
    shiftClock: clock.shift,
    heal: () => stage.receiver.answer(failingPath, [204]),
    async close(failed) {
      await stage.close(failed);
      await Promise.all([...Object.values(link).map((proxy) => proxy.close()), postgres.close(), temporal.close()]);
      disk.remove();
      clock.remove();
    },
  };
}

const portOf = (address: string) => Number(/:(\d+)\/?$/.exec(address)?.[1]);

async function openLinks(ports: { postgres: number; temporal: number; receiver: number }): Promise<Record<LinkName, TcpProxy>> {
  const to = (name: LinkName) => ports[name.split('-')[1] as keyof typeof ports];
  const proxies = await Promise.all(links.map(async (name) => [name, await startTcpProxy(to(name))] as const));
  return Object.fromEntries(proxies) as Record<LinkName, TcpProxy>;
}

export const endpointCount = 10;
const failingPath = '/hook0';
/** Another endpoint is slow, so that attempts are in flight at any time. */
const slowAnswerMs = 500;
/** Waits that add up to more than a disturbance of the network to the receiver lasts. */
const schedule = ['1s', '1s', '2s', '2s', ...Array.from({ length: 30 }, () => '4s')];

async function makeEndpoints(api: PosthornProcess, { receiver }: Stage, port: number): Promise<string> {
  const tenant = await api.makeTenant();
  for (let n = 0; n < endpointCount; n++)
    await api.makeEndpoint(tenant, `http://127.0.0.1:${port}/hook${n}`, {
      eventTypes: [`type${n}.*`],
      retry: { schedule },
      timeoutMs: 3_000,
    });
  receiver.answer(failingPath, [500]);
  receiver.answer('/hook1', (_request, response) => void setTimeout(() => response.writeHead(204).end(), slowAnswerMs));
  return tenant;
}

export interface Disk {
  folder: string;
  /** Leaves no space on it. */
  fill(): void;
  empty(): void;
  remove(): void;
}

/** A small file system in memory. */
function makeDisk(): Disk {
  const folder = mkdtempSync(join(tmpdir(), 'posthorn-disk-'));
  const filler = join(folder, 'filler');
  execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=400m,mode=0711', 'tmpfs', folder]);
  return {
    folder,
    fill() {
      try {
        for (const block = Buffer.alloc(64 * 1024); ; ) writeFileSync(filler, block, { flag: 'a' });
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== 'ENOSPC') throw error;
      }
    },
    empty: () => rmSync(filler, { force: true }),
    remove() {
      execFileSync('umount', ['--lazy', folder]);
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

interface Clock {
  env: Record<string, string>;
  shift(seconds: number): void;
  remove(): void;
}

/** A clock of the day that can be changed. Monotonic clocks stay right, as they do on a real machine. */
async function openClock(): Promise<Clock> {
  const library = await fileOfPackage(
    'faketime',
    ['x86_64', 'aarch64'].map((machine) => `/usr/lib/${machine}-linux-gnu/faketime/libfaketime.so.1`),
  );
  const folder = mkdtempSync(join(tmpdir(), 'posthorn-clock-'));
  const file = join(folder, 'shift');
  const shift = (seconds: number) => writeFileSync(file, seconds < 0 ? String(seconds) : `+${seconds}`);
  shift(0);
  const env = { LD_PRELOAD: library, FAKETIME_TIMESTAMP_FILE: file, FAKETIME_CACHE_DURATION: '1', FAKETIME_DONT_FAKE_MONOTONIC: '1' };
  return { env, shift, remove: () => rmSync(folder, { recursive: true, force: true }) };
}
