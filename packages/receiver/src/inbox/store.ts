// What a store of an inbox does. Every function is atomic: it has happened as a whole, or not at all.
import type { Log } from '../log.ts';
import type { ReceiverOptions } from '../options.ts';
import type { FindHandler } from '../routes.ts';

/** An event that was verified, as it is stored. */
export interface NewItem {
  /** The id of the event: `webhook-id`, or the id of an element of a batch. */
  id: string;
  type: string;
  /** The text of the event as it was sent; of a batch, its element. */
  raw: string;
  /** The ordering key. Null: the event has no order. */
  key: string | null;
  /** Null if and only if `key` is null. */
  sequence: number | null;
  /** `posthorn-replay`; 0: not replayed. */
  replay: number;
  /** JSON that the receiver reads when it handles the event. */
  meta: string;
}

/** `revived`: was a dead letter, or done, and is handled again because Posthorn has replayed it. */
export type Acceptance = 'new' | 'duplicate' | 'revived';

/** An event that one worker holds under a lease. */
export interface Claimed extends Omit<NewItem, 'replay'> {
  /** Which attempt to handle it this is, from 1. */
  attempts: number;
  /** Grows with every claim: a worker that was frozen cannot end what another has claimed since. */
  fence: number;
  /** The highest sequence number of the key that was done with before; 0: none. */
  last: number;
}

/** `released`: nothing is known about the event; it is due again, and its attempt does not count. */
export type End =
  | { state: 'done' }
  | { state: 'released' }
  | { state: 'retry'; inMs: number; error: string }
  | { state: 'dead'; error: string };

/** A dead letter of this receiver. */
export interface DeadLetter {
  id: string;
  type: string;
  raw: string;
  attempts: number;
  error: string;
  receivedAt: Date;
}

/** Sequence numbers that did not arrive, while a later one did. */
export interface Gap {
  key: string;
  from: number;
  to: number;
}

export interface ClaimOptions {
  worker: string;
  limit: number;
  leaseMs: number;
  /** How long an event waits for the ones before it in its order. */
  gapWaitMs: number;
}

/** The inbox of one receiver, and its background work. */
export interface OpenInbox {
  /** Stores the events that are new, and wakes the work. */
  accept(items: readonly NewItem[]): Promise<Acceptance[]>;
  start(): Promise<void>;
  stop(timeoutMs: number): Promise<void>;
  drain(): Promise<number>;
  readonly deadLetters: DeadLetters;
  gaps(): Promise<Gap[]>;
}

export interface DeadLetters {
  /** The oldest, at most `limit` (100). */
  list(limit?: number): Promise<DeadLetter[]>;
  /** Handles it again, from its first attempt. False: there is no such dead letter. */
  retry(id: string): Promise<boolean>;
  discard(id: string): Promise<boolean>;
}

/** A store with the code that works it off, so that this code is not in the main entry. */
export interface Inbox<Tx = unknown> extends InboxStore<Tx> {
  open(find: FindHandler<Tx>, log: Log, options: ReceiverOptions<Tx>): OpenInbox;
}

/** `receiver`: the name of the receiver whose events these are. */
export interface InboxStore<Tx = unknown> {
  /** Makes the table where there is none. */
  setup?(): Promise<void>;
  /**
   * Stores the events that are new, all or none, and says so for each. Resolves when they are stored as safely as the
   * store can. `again`: revives not only dead letters but also events that are done, once for each replay.
   */
  accept(receiver: string, items: readonly NewItem[], options: { again: boolean; gapWaitMs: number }): Promise<Acceptance[]>;
  /** Takes events that are due, at most one of each key and in its order. */
  claim(receiver: string, options: ClaimOptions): Promise<Claimed[]>;
  /** Renews leases. Returns the ids that are still held. */
  extend(receiver: string, claims: readonly Claimed[], leaseMs: number): Promise<Set<string>>;
  /** False: the lease was lost, and nothing has changed. `keepMs`: how long a duplicate of it is recognized. */
  end(receiver: string, claim: Claimed, end: End, keepMs: number): Promise<boolean>;
  /** Runs `work` in a transaction that also ends the event as done. False: the lease was lost, and it was rolled back. */
  commit?(receiver: string, claim: Claimed, work: (tx: Tx) => Promise<void>): Promise<boolean>;
  /** The oldest dead letters. */
  dead(receiver: string, limit: number): Promise<DeadLetter[]>;
  /** `retry`: handles it again from its first attempt. `discard`: it is done. False: there is no such dead letter. */
  settle(receiver: string, id: string, what: 'retry' | 'discard', keepMs: number): Promise<boolean>;
  gaps(receiver: string): Promise<Gap[]>;
  /** Forgets events that were done with longer ago. Returns how many, at most 1,000. */
  purge(receiver: string, keepMs: number): Promise<number>;
}
