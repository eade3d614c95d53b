// Opens PostgreSQL and Temporal for the checks, with a deadline, so that a store that hangs is reported in time.
import { once } from 'node:events';
import { connect } from 'node:net';
import { Connection } from '@temporalio/client';
import type { Config } from '#config/config';
import { createPool } from '#db/store/pool';
import { connectionOptions, readCredentials } from '#temporal/credentials';

/** Rejects after `withinMs` at the latest. */
export async function connectPostgres(url: string, withinMs: number) {
  const db = createPool({ url, max: 5, withinMs: withinMs * 2, onError: () => undefined });
  const close = () => db.end().catch(() => undefined);
  try {
    await deadline(withinMs, db.query('select 1'));
    return { db, close };
  } catch (error) {
    void close();
    throw error;
  }
}

/** Rejects after `withinMs` at the latest. */
export async function connectTemporal(config: Config, address: string, withinMs: number): Promise<Connection> {
  const options = connectionOptions({ ...config, TEMPORAL_ADDRESS: address }, await readCredentials(config));
  // gRPC would try again until the deadline, and then not tell why
  return deadline(
    withinMs,
    reach(address).then(() => Connection.connect({ ...options, connectTimeout: withinMs })),
  );
}

async function reach(address: string): Promise<void> {
  const { hostname, port } = new URL(`tcp://${address}`);
  const socket = connect({ host: hostname.replace(/^\[|\]$/g, ''), port: Number(port) || 7233 });
  try {
    await once(socket, 'connect');
  } finally {
    socket.destroy();
  }
}

async function deadline<T>(withinMs: number, value: Promise<T>): Promise<T> {
  const late = Promise.withResolvers<never>();
  const timer = setTimeout(() => late.reject(new Error(`no answer within ${withinMs / 1_000} s`)), withinMs);
  try {
    return await Promise.race([value, late.promise]);
  } finally {
    clearTimeout(timer);
  }
}
