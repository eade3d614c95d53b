// Reads what changed in PostgreSQL while somebody reads the live stream in this process, and passes it to the readers. Without a
// reader it does nothing. Any process may have made the change.
import { setTimeout as delay } from 'node:timers/promises';
import { stillValid } from '#db/access/recheck-credentials';
import { databaseNow, oldestWriter } from '#db/store/oldest-writer';
import type { Db } from '#db/store/pool';
import type { Caller } from '#domain/access/access';
import { type ResetReason, resetReasons } from '#domain/views/stream-view';
import type { Logger } from '#runtime/logger';
import type { Change, ChangeSource } from './change.ts';
import { eventText, idText } from './event-text.ts';
import { positionText } from './position.ts';
import { type ReaderFilter, StreamReader, usualLimits } from './reader.ts';

export interface FeedOptions {
  db: Db;
  sources: ChangeSource[];
  /** The same, for readers that come back. Not on the connections of `sources`: many may come back at once. */
  replays: ChangeSource[];
  log: Logger;
  pollMs?: number;
  checkEveryMs: number;
  limits?: typeof usualLimits;
}

/** More changes at once are not passed on: the readers are told to load again. */
export const mostAtOnce = 10_000;
/** A transaction may have begun a moment before it is seen. */
const unseenUs = 1_000_000;
/** While changes are skipped, those of the last seconds are read: most transactions commit in less. */
const recentUs = 5_000_000;
const afterFailureMs = 1_000;
/** After so long without a change it asks less often. */
const quietAfterMs = 5_000;
const quietPollMs = 750;

export class Feed {
  readonly replays: ChangeSource[];
  readonly #options: Required<FeedOptions>;
  readonly #readers = new Set<StreamReader>();
  /** All that changed before is passed on. In microseconds since 1970. */
  #positionUs = 0;
  /** What was passed on of the changes from the position on, with their times. */
  readonly #passedOn = new Map<string, number>();
  /**
   * After too many changes: those before this time are skipped until the position has passed it, which a transaction that
   * stays open may delay for long. Null: none are skipped.
   */
  #skippedUntilUs: number | null = null;
  /** Resolves when the position is known. Undefined while nobody reads. */
  #opened: Promise<void> | undefined;
  #checkedAt = 0;
  /** When a change was passed on last, or a reader joined. */
  #busyAt = 0;
  #stopped = false;

  constructor({ pollMs = 250, limits = usualLimits, ...options }: FeedOptions) {
    this.#options = { pollMs, limits, ...options };
    this.replays = options.replays;
  }

  get readers(): number {
    return this.#readers.size;
  }

  /** Resolves to a reader that gets all changes from its position on. Call `leave` at its end. */
  async join(caller: Caller, filter: ReaderFilter): Promise<{ reader: StreamReader; positionUs: number }> {
    const reader = new StreamReader(caller, filter, () => this.#positionUs, this.#options.limits);
    if (this.#stopped) reader.end('stopping');
    this.#readers.add(reader);
    this.#busyAt = performance.now();
    try {
      this.#opened ??= this.#open();
      await this.#opened;
    } catch (error) {
      this.leave(reader);
      throw error;
    }
    return { reader, positionUs: this.#positionUs };
  }

  leave(reader: StreamReader): void {
    this.#readers.delete(reader);
  }

  /** Ends all streams. */
  stop(): void {
    this.#stopped = true;
    for (const reader of this.#readers) reader.end('stopping');
  }

  async #open(): Promise<void> {
    try {
      this.#positionUs = await this.#completeUntil();
    } catch (error) {
      this.#opened = undefined;
      throw error;
    }
    this.#passedOn.clear();
    this.#skippedUntilUs = null;
    this.#checkedAt = performance.now();
    void this.#run();
  }

  async #run(): Promise<void> {
    while (this.#readers.size > 0 && !this.#stopped) {
      const pauseMs = await this.#poll().then(
        () => (performance.now() - this.#busyAt < quietAfterMs ? this.#options.pollMs : quietPollMs),
        (error) => {
          // what was not read is read next time
          this.#options.log.warn({ err: error }, 'stream.not_read');
          return afterFailureMs;
        },
      );
      await delay(pauseMs, undefined, { ref: false });
    }
    this.#opened = undefined;
  }

  async #completeUntil(): Promise<number> {
    return (await oldestWriter(this.#options.db)).getTime() * 1_000 - unseenUs;
  }

  /** Passes on what changed from the position on. */
  async #poll(): Promise<void> {
    const skippedUntilUs = this.#skippedUntilUs;
    const sinceUs = Math.max(this.#positionUs, skippedUntilUs ?? 0);
    // before the changes are read: what began earlier is then among them
    const nextUs = Math.max(this.#positionUs, await this.#completeUntil());
    const query = { sinceUs, afterId: null, tenantIds: this.#tenants(), endpointId: null, limit: mostAtOnce + 1 };
    const readers = [...this.#readers];
    const wanted = this.#options.sources.filter(({ kind }) => readers.some(({ filter }) => filter.kinds.includes(kind)));
    const found = (await Promise.all(wanted.map((source) => source.read(query)))).flat();
    const isTooMuch = found.length > mostAtOnce;
    if (isTooMuch || skippedUntilUs !== null) await this.#skip(isTooMuch, nextUs);
    const unseen = found.filter((change) => !this.#passedOn.has(keyOf(change)));
    if (!isTooMuch) this.#passOn(lastOfEach(unseen), nextUs);
    for (const change of found) this.#passedOn.set(keyOf(change), change.atUs);
    const keptFromUs = Math.max(nextUs, this.#skippedUntilUs ?? 0);
    for (const [key, atUs] of this.#passedOn) if (atUs < keptFromUs) this.#passedOn.delete(key);
    this.#positionUs = nextUs;
    await this.#check();
  }

  /** Begins to skip, goes on, or ends it. The readers are told at the beginning, and at the end: then everything is stored that was skipped. */
  async #skip(isTooMuch: boolean, nextUs: number): Promise<void> {
    const before = this.#skippedUntilUs;
    const isOver = before !== null && !isTooMuch && nextUs >= before;
    // before the readers are told: what changes once they load again is passed on
    const nowUs = isOver ? 0 : (await databaseNow(this.#options.db)).getTime() * 1_000;
    if (before === null || isOver) for (const reader of this.#readers) reader.push(resetText('too_many'));
    this.#skippedUntilUs = isOver ? null : Math.max(before ?? 0, isTooMuch ? nowUs : nowUs - recentUs);
  }

  /** Null if a reader sees all tenants. */
  #tenants(): string[] | null {
    const tenants = [...this.#readers].map(({ filter }) => filter.tenantId);
    return tenants.includes(null) ? null : [...new Set(tenants.filter((tenant) => tenant !== null))];
  }

  #passOn(changes: Change[], nextUs: number): void {
    if (changes.length === 0) return;
    this.#busyAt = performance.now();
    const id = idText(positionText(nextUs));
    for (const reader of this.#readers) {
      const seen = changes.filter((change) => reader.sees(change));
      if (seen.length > 0) reader.push(seen.map(({ text }) => text).join('') + id);
    }
  }

  /** Ends the streams of keys and links that are no longer valid. */
  async #check(): Promise<void> {
    if (performance.now() - this.#checkedAt < this.#options.checkEveryMs) return;
    this.#checkedAt = performance.now();
    // those that join meanwhile were checked at their request, and are not among the answer
    const readers = [...this.#readers];
    const valid = await stillValid(
      this.#options.db,
      readers.map(({ caller }) => caller),
    );
    for (const reader of readers) if (!valid(reader.caller)) reader.end('not_valid');
  }
}

export function resetText(reason: ResetReason): string {
  return eventText('reset', JSON.stringify({ reason, message: resetReasons[reason] }));
}

/** One that changed several times is shown as it is now, so once is enough. */
const lastOfEach = (changes: Change[]) => [...new Map(changes.map((change) => [change.id, change])).values()];

const keyOf = ({ id, atUs }: Change) => `${id} ${atUs}`;
