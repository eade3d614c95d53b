// Posts the rows of a producer's outbox to the API, and deletes each one after the API has committed its event.
// One relay works on a table at a time; others stand by. A row that is posted twice is a duplicate, not a second event.
import type pg from 'pg';
import {
  deleteProducerRows,
  lockProducerTable,
  type ProducerRow,
  producerChannel,
  readProducerRows,
  refuseProducerRow,
} from '#db/ingest/producer-outbox';
import { createListener } from '#db/store/listener';
import { maxEventBytes } from '#domain/events/event';
import type { Logger } from '#runtime/logger';
import { pause } from '#runtime/pause';
import { backoffMs, keepRunning } from './backoff.ts';
import { workInChains } from './chains.ts';
import { type PostableEvent, Unreadable } from './event-message.ts';
import { readRow } from './outbox-row.ts';
import type { Answer, Poster } from './poster.ts';

export interface OutboxRelayOptions {
  table: string;
  tenant: string | null;
  concurrency: number;
}

/** A notification usually comes at once; without one, rows are found by then. */
const lookEveryMs = 5_000;
const rowsForEach = 8;
/** A tenant that was refused so long ago starts with short waits again. */
const forgetAfterMs = 600_000;

interface Wait {
  until: number;
  tries: number;
}

export class OutboxRelay {
  readonly #db: pg.Pool;
  readonly #poster: Poster;
  readonly #options: OutboxRelayOptions;
  readonly #log: Logger;
  /** Tenants whose events the API refuses for now, and until when. */
  readonly #tenants = new Map<string, Wait>();
  /** The API does not answer until then. */
  #api: Wait = { until: 0, tries: 0 };
  #wake = () => {};

  constructor(db: pg.Pool, poster: Poster, options: OutboxRelayOptions, log: Logger) {
    this.#db = db;
    this.#poster = poster;
    this.#options = options;
    this.#log = log;
  }

  /** Resolves when the signal is aborted and nothing is in flight. */
  async run(signal: AbortSignal): Promise<void> {
    const stopListening = createListener(this.#db, this.#log).on(producerChannel, () => this.#wake());
    await keepRunning(() => this.#lead(signal), signal, this.#log);
    stopListening();
  }

  /** Works for as long as its connection holds the lock of the table. Throws when the connection is lost. */
  async #lead(signal: AbortSignal): Promise<void> {
    const client = await this.#db.connect();
    const lost = new AbortController();
    const onLost = () => lost.abort();
    client.once('error', onLost).once('end', onLost);
    try {
      const ended = AbortSignal.any([signal, lost.signal]);
      if (!(await lockProducerTable(client, this.#options.table))) return await pause(lookEveryMs, ended);
      this.#log.info({ table: this.#options.table }, 'ingest.leading');
      while (!ended.aborted) await this.#turn(ended);
      if (lost.signal.aborted) throw new Error('the connection that holds the lock of the table was lost');
    } finally {
      client.removeListener('error', onLost).removeListener('end', onLost);
      client.release(true);
    }
  }

  /** One round, or a wait for the next one. */
  async #turn(ended: AbortSignal): Promise<void> {
    const now = performance.now();
    if (this.#api.until > now) return pause(this.#api.until - now, ended);
    const woken = new Promise<void>((resolve) => {
      this.#wake = resolve;
    });
    if (await this.#round(ended)) return;
    const stopWaiting = new AbortController();
    await Promise.race([pause(this.#nextLookMs(), AbortSignal.any([ended, stopWaiting.signal])), woken]);
    stopWaiting.abort();
  }

  #nextLookMs(): number {
    const waits = [...this.#tenants.values()].map(({ until }) => until - performance.now());
    return Math.min(lookEveryMs, ...waits.filter((ms) => ms > 0));
  }

  /** Resolves to false when there was nothing to do. */
  async #round(ended: AbortSignal): Promise<boolean> {
    const { table, tenant, concurrency } = this.#options;
    const now = performance.now();
    for (const [name, { until }] of this.#tenants) if (until < now - forgetAfterMs) this.#tenants.delete(name);
    const except = [...this.#tenants].filter(([, { until }]) => until > now).map(([name]) => name);
    const rows = await readProducerRows(this.#db, table, { except, tenant, maxBytes: maxEventBytes, limit: concurrency * rowsForEach });
    const posted: number[] = [];
    try {
      await workInChains(rows, orderOf, concurrency, (row) => this.#post(row, posted, ended));
    } finally {
      if (posted.length > 0) await deleteProducerRows(this.#db, table, posted);
    }
    return rows.length > 0;
  }

  /** Resolves to false when the rows that follow in order have to wait. */
  async #post(row: ProducerRow, posted: number[], ended: AbortSignal): Promise<boolean> {
    const isWaiting = (wait: Wait | undefined) => wait !== undefined && wait.until > performance.now();
    if (ended.aborted || isWaiting(this.#api) || isWaiting(this.#tenants.get(row.tenant ?? ''))) return false;
    const event = readOrReason(row);
    if (typeof event === 'string') return this.#setAside(row, event);
    const answer = await this.#poster.post(event);
    if (answer.kind === 'wait') return this.#waitFor(event.tenant, answer);
    this.#api = { until: 0, tries: 0 };
    this.#tenants.delete(event.tenant);
    if (answer.kind === 'refused') return this.#setAside(row, `HTTP ${answer.status}: ${answer.reason}`);
    const { warnings } = answer;
    if (warnings.length > 0) this.#log.warn({ event: row.id, tenant: row.tenant, warnings }, 'ingest.warned');
    posted.push(row.position);
    return true;
  }

  async #setAside({ position, id, tenant }: ProducerRow, reason: string): Promise<true> {
    await refuseProducerRow(this.#db, this.#options.table, position, reason);
    this.#log.warn({ event: id, tenant, reason }, 'ingest.refused');
    return true;
  }

  #waitFor(tenant: string, { tenantOnly, afterMs, reason }: Extract<Answer, { kind: 'wait' }>): false {
    const before = tenantOnly ? this.#tenants.get(tenant) : this.#api;
    // requests in flight together fail together: that is one failure
    if (before && before.until > performance.now()) return false;
    const tries = (before?.tries ?? 0) + 1;
    const waitMs = backoffMs(tries, afterMs);
    const wait = { until: performance.now() + waitMs, tries };
    if (tenantOnly) this.#tenants.set(tenant, wait);
    else this.#api = wait;
    this.#log.warn({ tenant, reason, tries, waitMs }, 'ingest.waiting');
    return false;
  }
}

/** Rows without an ordering key wait for no other. */
function orderOf({ tenant, orderingKey }: ProducerRow): string | null {
  return orderingKey === null ? null : `${tenant}\n${orderingKey}`;
}

function readOrReason(row: ProducerRow): PostableEvent | string {
  try {
    return readRow(row);
  } catch (error) {
    if (error instanceof Unreadable) return error.message;
    throw error;
  }
}
