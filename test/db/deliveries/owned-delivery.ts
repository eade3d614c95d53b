// One delivery for the property of its owners: its row in PostgreSQL, and the requests for it that are in flight.
import { type AttemptRecord, recordAttempts } from '#db/deliveries/attempts';
import { takeHurry } from '#db/deliveries/commands';
import type { DeliveryJob } from '#db/deliveries/deliveries';
import { recordFirstAttempts } from '#db/deliveries/first-attempts';
import { parkExisting } from '#db/lanes/parking';
import type { Db } from '#db/store/pool';
import { nextStep } from '#domain/deliveries/attempt';
import type { DeliveryStatus } from '#domain/deliveries/delivery';
import { deliveryId, idOf, uuidOf } from '#domain/ids';
import { newId } from '#runtime/new-id';
import { testContents } from '../../support/contents.ts';
import { insertForeground } from '../../support/parking.ts';

export type Outcome = 'accepted' | 'refused' | 'given_up';
/** A number: the pump of that process. */
export type Sender = 'workflow' | 'lane' | 0 | 1;

export interface InFlight {
  by: Sender;
  round: number;
  number: number;
  /** The relay that leased it. */
  leasedBy?: string;
  /** Its process stood still for longer than its lease: others may go on, and its record comes late. */
  isLate: boolean;
}

export interface Row {
  status: DeliveryStatus;
  round: number;
  attempts: number;
  pumped: boolean;
  leasedBy: string | null;
  isTimed: boolean;
}

const hourMs = 3_600_000;

export class OwnedDelivery {
  readonly db: Db;
  readonly tenantId = newId('tnt');
  readonly endpointId = newId('ep');
  readonly eventId = newId('evt');
  readonly id = deliveryId(this.eventId, this.endpointId);
  inFlight: InFlight[] = [];
  readonly faults: string[] = [];
  /** Requests by round and number. Lost: the process that made the last one may not record it. */
  readonly #posted = new Map<string, { isLost: boolean }>();

  constructor(db: Db) {
    this.db = db;
  }

  /** The first attempt failed, or was given up; or there was none. */
  async insert(first: Outcome | 'not_made', hasRoom: boolean): Promise<void> {
    await insertForeground(this.db, this);
    const attempt = first === 'not_made' ? null : this.#attempt({ round: 1, number: 1 }, first);
    const { id, eventId, endpointId, tenantId } = this;
    const row = { deliveryId: id, eventId, endpointId, tenantId, eventType: 'a.b', expiresAt: null };
    await recordFirstAttempts(this.db, [{ ...row, attempt, pumped: !hasRoom }], testContents(this.db));
  }

  async row(): Promise<Row> {
    const { rows } = await this.db.query(
      'select status, round, attempts, pumped, leased_by, next_attempt_at is not null as timed from deliveries where id = $1',
      [uuidOf(this.id)],
    );
    const { leased_by: leasedBy, timed: isTimed, ...row } = rows[0];
    return { ...row, isTimed, leasedBy: leasedBy && idOf('rly', leasedBy) };
  }

  /** Makes it due, and overdue for the sweep. */
  async pass(): Promise<void> {
    const text = `update deliveries set next_attempt_at = now() - interval '1 minute' where id = $1 and next_attempt_at is not null`;
    await this.db.query(text, [uuidOf(this.id)]);
  }

  /** The request that this sender waits for. */
  of(by: Sender): InFlight | undefined {
    return this.inFlight.find((one) => one.by === by && !(by === 'workflow' && one.isLate));
  }

  /** What the engine does with a row that was read. Null: nothing now. */
  async next(job: DeliveryJob, by: Sender, leasedBy?: string): Promise<'posted' | 'parked' | null> {
    const step = nextStep(job);
    if (step.kind === 'park') await parkExisting(this.db, this.id);
    if (step.kind === 'park') return 'parked';
    if (step.kind !== 'post') return null;
    if (job.hurried) await takeHurry(this.db, this.id);
    this.post({ by, round: job.round, number: job.attempts + 1, isLate: false, ...(leasedBy && { leasedBy }) });
    return 'posted';
  }

  post(one: InFlight): void {
    const key = `${one.round}/${one.number}`;
    if (this.#posted.get(key)?.isLost === false) this.faults.push(`${one.by} repeats ${key}, which was not lost`);
    this.#posted.set(key, { isLost: false });
    this.inFlight.push(one);
  }

  lose(one: InFlight): void {
    one.isLate = true;
    this.#posted.set(`${one.round}/${one.number}`, { isLost: true });
  }

  /** Takes the request from those in flight, and records it. `pumped`: as in the record. */
  async record(own: InFlight, outcome: Outcome, pumped: boolean | undefined): Promise<{ before: Row; after: Row }> {
    this.inFlight = this.inFlight.filter((one) => one !== own);
    const before = await this.row();
    await recordAttempts(this.db, [{ ...this.#attempt(own, outcome), pumped }], testContents(this.db));
    const after = await this.row();
    if (outcome === 'accepted' && after.status !== 'succeeded') this.faults.push('an acceptance did not win');
    return { before, after };
  }

  #attempt({ round, number, leasedBy }: Pick<InFlight, 'round' | 'number' | 'leasedBy'>, as: Outcome): AttemptRecord {
    const timings = { dnsMs: null, connectMs: null, tlsMs: null, firstByteMs: null, totalMs: 1 };
    const outcome = as === 'accepted' ? ('accepted' as const) : ('http_status' as const);
    const result = { outcome, message: '', response: null, timings, address: null, retryAfterMs: null };
    const retryInMs = as === 'refused' ? hourMs : null;
    return { attemptId: newId('att'), deliveryId: this.id, round, number, startedAt: new Date(), result, retryInMs, leasedBy };
  }
}
