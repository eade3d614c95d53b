// LISTEN on a dedicated connection: receives notifications of committed outbox rows and parked
// deliveries. It only saves time: relays also look every second.
import type { Notification, PoolClient } from 'pg';
import type { Logger } from '#runtime/logger';
import type { Db } from './pool.ts';

const againMs = 2_000;

/** Payload: deliveries may have become due. The payload for outbox rows without an owner is empty. */
export const sweepWord = 'sweep';

/** Payload: a delivery that relays attempt without a workflow may have become due. */
export const pumpWord = 'pump';

/** Payload: lanes are due that no workflow wakes for. */
export const lanesHereWord = 'lanes-here';

const lanesWord = 'lanes ';
/** A notification carries less than 8,000 bytes. */
const lanesAtOnce = 150;

/** Notifies drains that deliveries were parked for their lanes. Not awaited: drains also look without it. */
export function nudgeLanes(db: Db, endpointIds: string[], log: Logger): void {
  for (let from = 0; from < endpointIds.length; from += lanesAtOnce) {
    const word = `${lanesWord}${endpointIds.slice(from, from + lanesAtOnce).join(',')}`;
    db.query('select pg_notify($1, $2)', ['posthorn_outbox', word]).catch((error) => log.debug({ err: error }, 'listen.not_nudged'));
  }
}

/** The endpoints of a payload that `nudgeLanes` sent; null: another payload. */
export function nudgedLanes(word: string): string[] | null {
  return word.startsWith(lanesWord) ? word.slice(lanesWord.length).split(',') : null;
}

/** Asks all relays to sweep now. Not awaited: they sweep every 10 s anyway. */
export function askForSweep(db: Db, log: Logger): void {
  tellRelays(db, sweepWord, log);
}

/** Tells all relays one of the words above. Not awaited: it only saves time. */
export function tellRelays(db: Db, word: string, log: Logger): void {
  db.query('select pg_notify($1, $2)', ['posthorn_outbox', word]).catch((error) => log.debug({ err: error }, 'listen.not_asked'));
}

/**
 * Calls `onMessage` with each payload on the channel, and with '' after each connect. Reconnects as needed until the
 * returned function is called.
 */
export function listen(
  db: Db,
  channel: 'posthorn_outbox' | 'posthorn_producer' | 'posthorn_listen',
  onMessage: (word: string) => void,
  log: Logger,
): () => void {
  const onNotification = ({ payload }: Notification) => onMessage(payload ?? '');
  let closed = false;
  let client: PoolClient | undefined;
  let timer: NodeJS.Timeout | undefined;

  async function connect(): Promise<void> {
    try {
      const opened = await db.connect();
      if (closed) return opened.release(true);
      client = opened;
      opened.on('notification', onNotification);
      opened.once('error', () => reconnect(opened));
      opened.once('end', () => reconnect(opened));
      await opened.query(`listen ${channel}`);
      onMessage('');
    } catch (error) {
      log.debug({ err: error }, 'listen.failed');
      reconnect(client);
    }
  }

  function reconnect(lost: PoolClient | undefined): void {
    if (client !== lost) return;
    client = undefined;
    lost?.removeListener('notification', onNotification);
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
