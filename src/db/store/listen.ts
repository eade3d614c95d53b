// LISTEN: a connection of its own that tells of rows for any relay as they are committed. It only saves time: relays also look every second.
import type { Notification, PoolClient } from 'pg';
import type { Logger } from '#runtime/logger';
import type { Db } from './pool.ts';

const againMs = 2_000;

/** Said on the channel when deliveries may have become due; nothing is said for rows of nobody. */
export const sweepWord = 'sweep';

const lanesWord = 'lanes ';
/** A notification carries less than 8,000 bytes. */
const lanesAtOnce = 150;

/** Tells drains that something was parked for their lanes. Nobody waits for it: they look by themselves. */
export function nudgeLanes(db: Db, endpointIds: string[], log: Logger): void {
  for (let from = 0; from < endpointIds.length; from += lanesAtOnce) {
    const word = `${lanesWord}${endpointIds.slice(from, from + lanesAtOnce).join(',')}`;
    db.query('select pg_notify($1, $2)', ['posthorn_outbox', word]).catch((error) => log.debug({ err: error }, 'listen.not_nudged'));
  }
}

/** The endpoints of a word that `nudgeLanes` said; null: it is another word. */
export function nudgedLanes(word: string): string[] | null {
  return word.startsWith(lanesWord) ? word.slice(lanesWord.length).split(',') : null;
}

/** Asks all relays to sweep now. Nobody waits for it: they sweep every 10 s anyway. */
export function askForSweep(db: Db, log: Logger): void {
  db.query('select pg_notify($1, $2)', ['posthorn_outbox', sweepWord]).catch((error) => log.debug({ err: error }, 'listen.not_asked'));
}

/** Calls `heard` with what is said on the channel, and once at each connect, reconnecting as needed, until the returned function is called. */
export function listen(db: Db, channel: 'posthorn_outbox', heard: (word: string) => void, log: Logger): () => void {
  const hear = ({ payload }: Notification) => heard(payload ?? '');
  let closed = false;
  let client: PoolClient | undefined;
  let timer: NodeJS.Timeout | undefined;

  async function connect(): Promise<void> {
    try {
      const opened = await db.connect();
      if (closed) return opened.release(true);
      client = opened;
      opened.on('notification', hear);
      opened.once('error', () => reconnect(opened));
      opened.once('end', () => reconnect(opened));
      await opened.query(`listen ${channel}`);
      heard('');
    } catch (error) {
      log.debug({ err: error }, 'listen.failed');
      reconnect(client);
    }
  }

  function reconnect(lost: PoolClient | undefined): void {
    if (client !== lost) return;
    client = undefined;
    lost?.removeListener('notification', hear);
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
