// Starts everything that one run needs on empty stores, each in its own process: PostgreSQL,
// Temporal, Posthorn, the load generator and the receiver.
import { join } from 'node:path';
import pg from 'pg';
import { type Config, readConfig } from '#config/config';
import { freePort } from '#embedded/free-port';
import { type Child, startChild } from './child.ts';
import type { LoadAnswer, LoadOrder, ReceiverAnswer, ReceiverOrder } from './messages.ts';
import { benchKey, environmentOf, type PosthornProcess, type Role, startPosthorn } from './posthorn.ts';
import { openStores, type Stores } from './stores.ts';

export type Mode = Config['POSTHORN_DISPATCH'];

export interface Stage {
  stores: Stores;
  db: pg.Client;
  load: Child<LoadOrder, LoadAnswer>;
  receiver: Child<ReceiverOrder, ReceiverAnswer>;
  origin: string;
  receiverUrl: string;
  apiKey: string;
  /** The processes that run now. */
  posthorn(): readonly PosthornProcess[];
  killPosthorn(): Promise<void>;
  startPosthorn(): Promise<void>;
  /** Calls the API. Throws on an error status. */
  call(method: string, path: string, body?: object): Promise<unknown>;
  close(): Promise<void>;
}

export async function openStage(mode: Mode, roles: readonly Role[], more: Record<string, string> = {}): Promise<Stage> {
  const closers: (() => unknown)[] = [];
  const close = async () => {
    for (let closer = closers.pop(); closer; closer = closers.pop()) await closer();
  };
  try {
    const stage = await open(mode, roles, more, closers);
    return { ...stage, close };
  } catch (error) {
    await close();
    throw error;
  }
}

async function open(
  mode: Mode,
  roles: readonly Role[],
  more: Record<string, string>,
  closers: (() => unknown)[],
): Promise<Omit<Stage, 'close'>> {
  const stores = await openStores(readConfig());
  closers.push(stores.stop);
  const db = new pg.Client({ connectionString: stores.databaseUrl });
  db.on('error', () => undefined);
  await db.connect();
  closers.push(() => db.end());
  const receiver = startChild<ReceiverOrder, ReceiverAnswer>('receiver-child.ts');
  closers.push(receiver.stop);
  const { port } = await receiver.next('listening');
  const load = startChild<LoadOrder, LoadAnswer>('load-child.ts');
  closers.push(load.stop);
  const env = environmentOf(stores, await freePort(), { POSTHORN_DISPATCH: mode, ...more });
  const origin = `http://${env.HOST}:${env.PORT}`;
  let running: PosthornProcess[] = [];
  const startAll = async () => {
    for (const [index, role] of roles.entries()) {
      running.push(await startPosthorn(role, env, join(stores.folder, `posthorn-${role}-${index}.log`)));
    }
  };
  const killAll = async () => {
    await Promise.all(running.map(({ kill }) => kill()));
    running = [];
  };
  // stores that are deleted need no orderly shutdown
  closers.push(() => (stores.kept ? Promise.all(running.map(({ stop }) => stop())) : killAll()));
  await startAll();
  return {
    stores,
    db,
    load,
    receiver,
    origin,
    receiverUrl: `http://127.0.0.1:${port}`,
    apiKey: benchKey,
    posthorn: () => running,
    killPosthorn: killAll,
    startPosthorn: startAll,
    call: (method, path, body) => call(method, `${origin}${path}`, body),
  };
}

async function call(method: string, url: string, body: object | undefined): Promise<unknown> {
  const headers = { authorization: `Bearer ${benchKey}`, 'content-type': 'application/json' };
  const answer = await fetch(url, { method, headers, body: body && JSON.stringify(body), signal: AbortSignal.timeout(30_000) });
  const text = await answer.text();
  if (!answer.ok) throw new Error(`${method} ${url}: ${answer.status} ${text}`);
  return text === '' ? null : JSON.parse(text);
}
