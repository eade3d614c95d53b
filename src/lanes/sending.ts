// Starts the requests of a drain, within the throttle, the free slots and the rate limits.
// Called by the drain after each look. When a request has ended, updates throttle and queues.
import type { FirstAttemptsInFlight } from '#attempts/first-attempter';
import type { SlotLimits, Slots } from '#attempts/slots';
import type { LaneEndpoint } from '#db/lanes/lane-endpoint';
import type { HeldDelivery } from '#db/lanes/lane-page';
import type { Timings } from '#domain/timings';
import { newId } from '#runtime/new-id';
import { type ApplyResultDeps, applyResult, applyToRow } from './apply-result.ts';
import type { LaneQueues } from './lane-queues.ts';
import { type LaneRequestDeps, sendLaneRequest } from './lane-request.ts';
import type { Pace } from './pace.ts';
import { createRequestContents, type RequestContents } from './request-contents.ts';

const noSlotMs = 50;
/** The share of the process's slots that lanes may use. First attempts and retries ask less often and need the rest. */
const lanesShare = 0.75;

export interface SendingDeps extends LaneRequestDeps, ApplyResultDeps {
  endpointId: string;
  epoch: number;
  slots: Slots;
  limits: SlotLimits;
  queues: LaneQueues;
  pace: Pace;
  timings: Pick<Timings['lanes'], 'leaseMs'>;
  /** Has the deliveries whose first attempt is in flight in this process: their relay has lost its lease. */
  firstInFlight: Pick<FirstAttemptsInFlight, 'has'>;
}

/**
 * A row leaves its queue when its request begins. When the request has ended, the row is done, waits for its retry, or
 * pauses because nothing was sent; then its queue is read again.
 *
 * A request begins at most `leaseMs` after the last look was sent that found this drain the owner of the lane.
 */
export class Sending {
  readonly #deps: SendingDeps;
  readonly #contents: RequestContents;
  readonly #inFlight = new Set<Promise<void>>();
  /** The batches in flight. Their members that fall due a little later must not start another request. */
  readonly #batches = new Set<string>();
  #sent = 0;
  #lookedAt = Number.NEGATIVE_INFINITY;
  #staleAt = Number.NEGATIVE_INFINITY;

  constructor(deps: SendingDeps) {
    this.#deps = deps;
    this.#contents = createRequestContents(deps.db, deps.endpointId, deps.epoch);
  }

  /** A look that was sent at this time (`performance.now()`) found this drain the owner of the lane. */
  looked(sentAtMs: number): void {
    this.#lookedAt = sentAtMs;
  }

  /** A request that ended since the last look changed the endpoint: look again before sending more. */
  isStale(): boolean {
    return this.#staleAt >= this.#lookedAt;
  }

  /** How many more requests may begin. */
  room(endpoint: LaneEndpoint | undefined): number {
    return (endpoint ? this.#deps.throttle.allowed(this.#maxInFlight(endpoint)) : 1) - this.#inFlight.size;
  }

  /** The throttle allows all slots of the endpoint. */
  isFullSpeed(endpoint: LaneEndpoint): boolean {
    return this.#deps.throttle.allowed(this.#maxInFlight(endpoint)) === this.#maxInFlight(endpoint);
  }

  /** Begins requests. `waitMs`: the time until more may begin; null: when one has ended, or after the next look. */
  async begin(endpoint: LaneEndpoint, probe: boolean): Promise<{ begun: number; waitMs: number | null }> {
    const wanted = Math.min(this.room(endpoint), probe || endpoint.batch ? 1 : this.#deps.queues.movable(Date.now()));
    if (wanted <= 0) return { begun: 0, waitMs: null };
    const taken = this.#takeSlots(endpoint, wanted);
    if (taken.length === 0) return { begun: 0, waitMs: noSlotMs };
    const { granted, waitMs } = await this.#deps.pace.take(endpoint, taken.length);
    let begun = 0;
    for (const giveBack of taken) {
      const rows = begun < granted ? this.#nextRows(endpoint, probe) : [];
      if (rows.length === 0) {
        giveBack();
        continue;
      }
      begun++;
      const sending = this.#send(endpoint, rows, probe).finally(() => {
        giveBack();
        this.#inFlight.delete(sending);
      });
      this.#inFlight.add(sending);
    }
    return { begun, waitMs: granted < taken.length ? waitMs : null };
  }

  /** Resolves when one of the requests in flight has ended. */
  oneEnded(): Promise<void> {
    return Promise.race(this.#inFlight);
  }

  async allEnded(): Promise<void> {
    await Promise.allSettled(this.#inFlight);
  }

  sent(): number {
    return this.#sent;
  }

  #maxInFlight({ maxInFlight }: LaneEndpoint): number {
    return this.#deps.slots.ofEndpoint(maxInFlight);
  }

  #takeSlots({ tenantId, endpointId, maxInFlight }: LaneEndpoint, wanted: number): (() => void)[] {
    const { slots, limits } = this.#deps;
    const taken: (() => void)[] = [];
    while (taken.length < wanted && slots.inUse() < limits.process * lanesShare) {
      const giveBack = slots.take(tenantId, endpointId, maxInFlight);
      if (typeof giveBack !== 'function') break;
      taken.push(giveBack);
    }
    return taken;
  }

  /** The rows of the next request: one delivery, or up to a full batch. Empty: nothing may go now. */
  #nextRows({ batch, ordering }: LaneEndpoint, probe: boolean): HeldDelivery[] {
    const { queues } = this.#deps;
    const nowMs = Date.now();
    const skip = probe ? this.#probesBefore(nowMs, ordering) : 0;
    if (!batch) return [queues.next(nowMs, skip)].filter((row) => row !== undefined);
    const known = queues.ready(nowMs).filter(({ batchId }) => batchId === null || !this.#batches.has(batchId));
    const from = skip % Math.max(1, known.length);
    const ready = [...known.slice(from), ...known.slice(0, from)];
    const isAlike = ({ batchId, isWhole }: HeldDelivery) => batchId === ready[0]?.batchId && isWhole === ready[0]?.isWhole;
    const others = ready.findIndex((row) => !isAlike(row));
    // an ordered endpoint: a row must not overtake an earlier one
    const alike = ordering === 'endpoint' && others >= 0 ? ready.slice(0, others) : ready.filter(isAlike);
    const rows = alike.slice(0, alike[0]?.isWhole ? 1 : batch.maxEvents);
    queues.take(rows);
    return rows;
  }

  /**
   * How many rows to skip for the next probe. A failed probe before the due time changes no row, so the same row would
   * be chosen again. A row that is due gets a later due time when its probe fails, so nothing is skipped.
   */
  #probesBefore(nowMs: number, ordering: LaneEndpoint['ordering']): number {
    const [first] = this.#deps.queues.ready(nowMs);
    const circuit = this.#deps.throttle.circuit();
    return ordering === 'endpoint' || circuit.state === 'closed' || (first?.dueInMs ?? 0) <= 0 ? 0 : circuit.refusedProbes;
  }

  /** Never rejects. */
  async #send(endpoint: LaneEndpoint, rows: HeldDelivery[], probe: boolean): Promise<void> {
    const { queues, log, endpointId, firstInFlight } = this.#deps;
    /** The rows whose request has not ended. */
    const open = new Map(rows.map((row) => [row.deliveryId, row]));
    const batchId = endpoint.batch && !rows[0]?.isWhole ? (rows[0]?.batchId ?? newId('bat')) : null;
    if (batchId) this.#batches.add(batchId);
    try {
      if (rows.some(({ deliveryId }) => firstInFlight.has(deliveryId))) return;
      const members = batchId === null ? await this.#contents.single(endpoint, rows) : await this.#contents.batch(endpoint, rows, batchId);
      for (const row of members) open.set(row.deliveryId, row);
      queues.take(members);
      if (members.length > 0) await this.#sendRows(endpoint, members, batchId, probe, open);
    } catch (error) {
      log.warn({ err: error, endpointId }, 'lane.not_sent');
    } finally {
      if (batchId) this.#batches.delete(batchId);
      // these rows were not sent
      for (const row of open.values()) queues.pause(row, Date.now() + noSlotMs);
    }
  }

  async #sendRows(
    endpoint: LaneEndpoint,
    rows: HeldDelivery[],
    batchId: string | null,
    probe: boolean,
    open: Map<string, HeldDelivery>,
  ): Promise<void> {
    const { throttle, timings } = this.#deps;
    this.#sent++;
    const expiresAtMs = Math.min(...rows.map((row) => row.expiresAtMs));
    const isTooLate = () => performance.now() > this.#lookedAt + timings.leaseMs || performance.now() >= expiresAtMs;
    const done = await sendLaneRequest(this.#deps, { rows, batchId, endpoint, probe, isTooLate });
    const type = batchId === null ? (rows[0]?.eventType ?? '') : '';
    // a late response from the endpoint's old target says nothing about the new one
    if (done.kind === 'done' && endpoint.targetVersion === throttle.targetVersion())
      throttle.recordOutcome(done.result, type, done.startedMs, this.#maxInFlight(endpoint));
    for (const row of rows) {
      open.delete(row.deliveryId);
      applyToRow(this.#deps.queues, endpoint, row, done, probe);
    }
    if (done.kind !== 'done') return;
    const { stale, stored } = applyResult(this.#deps, endpoint, done.result, probe);
    if (stale) this.#staleAt = performance.now();
    await stored;
  }
}
