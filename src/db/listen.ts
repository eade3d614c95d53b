// LISTEN: a connection of its own that tells of rows for any relay as they are committed. It only saves time: relays also look every second.
import type { PoolClient } from 'pg';
import type { Logger } from '../logger.ts';
import type { Db } from './pool.ts';

const againMs = 2_000;

/** Calls `heard` at each notification on the channel, reconnecting as needed, until the returned function is called. */
export function listen(db: Db, channel: 'posthorn_outbox', heard: () => void, log: Logger): () => void {
  let closed = false;
  let client: PoolClient | undefined;
  let timer: NodeJS.Timeout | undefined;

  async function connect(): Promise<void> {
    try {
      const opened = await db.connect();
      if (closed) return opened.release(true);
      client = opened;
      opened.on('notification', heard);
      opened.once('error', () => reconnect(opened));
      opened.once('end', () => reconnect(opened));
      await opened.query(`listen ${channel}`);
      heard();
    } catch (error) {
      log.debug({ err: error }, 'listen.failed');
      reconnect(client);
    }
  }

  function reconnect(lost: PoolClient | undefined): void {
    if (client !== lost) return;
    client = undefined;
    lost?.removeListener('notification', heard);
    lost?.release(true);
    if (!closed) timer = setTimeout(connect, againMs).unref();
  }

  void connect();
  return () => {
    closed = true;
    clearTimeout(timer);
    reconnect(client);
  };
}
