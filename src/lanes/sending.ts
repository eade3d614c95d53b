// Starts the requests of a drain, within the throttle, the free slots and the rate limits.
// Called by the drain after each look. When a request has ended, updates throttle and queues.
import type { SlotLimits, Slots } from '#attempts/slots';
import type { LaneEndpoint } from '#db/lanes/lane-endpoint';
import type { HeldDelivery } from '#db/lanes/lane-page';
import { newId } from '#runtime/new-id';
import type { EndpointThrottle } from './endpoint-throttle.ts';
import type { LaneQueues } from './lane-queues.ts';
import { type LaneRequestDeps, type LaneRequestResult, ourPauseMs, sendLaneRequest } from './lane-request.ts';
import type { Pace } from './pace.ts';
import { createRequestContents } from './request-contents.ts';

const noPlaceMs = 50;
/** The share of the process's slots that lanes may use. First attempts and retries ask less often and need the rest. */
const lanesShare = 0.75;

export interface Sending {
  /** How many more requests may begin. */
  room(endpoint: LaneEndpoint | undefined): number;
  /** The throttle allows all slots of the endpoint. */
  isFullSpeed(endpoint: LaneEndpoint): boolean;
  /** Begins requests. `waitMs`: the time until more may begin; null: when one has ended, or after the next look. */
  begin(endpoint: LaneEndpoint, probe: boolean): Promise<{ begun: number; waitMs: number | null }>;
  /** Resolves when one of the requests in flight has ended. */
  oneEnded(): Promise<void>;
  allEnded(): Promise<void>;
  sent(): number;
}

export interface SendingDeps extends LaneRequestDeps {
  endpointId: string;
  epoch: number;
  places: Slots;
  limits: SlotLimits;
  queues: LaneQueues;
  pace: Pace;
  throttle: EndpointThrottle;
  /** The lease has expired. */
  isTooLate(): boolean;
  /** A first attempt of this delivery is in flight in this process: its relay has lost its lease. */
  isInHand(deliveryId: string): boolean;
  onSent(endpoint: LaneEndpoint, requestResult: LaneRequestResult, probe: boolean): Promise<void>;
}

export function createSending(deps: SendingDeps): Sending {
  const { db, endpointId, epoch, places, limits, queues, pace, throttle } = deps;
  const underWay = new Set<Promise<void>>();
  /** The batches in flight. Their members that fall due a little later must not start another request. */
  const batches = new Set<string>();
  const contents = createRequestContents(db, endpointId, epoch);
  let sent = 0;
  const maxInFlightOf = ({ maxInFlight }: LaneEndpoint) => places.ofEndpoint(maxInFlight);
  const room = (endpoint: LaneEndpoint | undefined) => (endpoint ? throttle.allowed(maxInFlightOf(endpoint)) : 1) - underWay.size;

  function placesFor(endpoint: LaneEndpoint, wanted: number): (() => void)[] {
    const taken: (() => void)[] = [];
    while (taken.length < wanted && places.inUse() < limits.process * lanesShare) {
      const place = places.take(endpoint.tenantId, endpointId, endpoint.maxInFlight);
      if (typeof place !== 'function') break;
      taken.push(place);
    }
    return taken;
  }

  /**
   * How many rows to skip for the next probe. A failed probe before the due time changes no row, so the same row would
   * be chosen again. A row that is due gets a later due time when its probe fails, so nothing is skipped.
   */
  function probesBefore(nowMs: number, ordering: LaneEndpoint['ordering']): number {
    const [first] = queues.ready(nowMs);
    const circuit = throttle.circuit();
    return ordering === 'endpoint' || circuit.state === 'closed' || (first?.dueInMs ?? 0) <= 0 ? 0 : circuit.refusedProbes;
  }

  /** The rows of the next request: one delivery, or up to a full batch. Empty: nothing may go now. */
  function nextRows({ batch, ordering }: LaneEndpoint, probe: boolean): HeldDelivery[] {
    const nowMs = Date.now();
    if (!batch) return [queues.next(nowMs, probe ? probesBefore(nowMs, ordering) : 0)].filter((row) => row !== undefined);
    const known = queues.ready(nowMs).filter(({ batchId }) => batchId === null || !batches.has(batchId));
    const from = (probe ? probesBefore(nowMs, ordering) : 0) % Math.max(1, known.length);
    const ready = [...known.slice(from), ...known.slice(0, from)];
    const isAlike = ({ batchId }: HeldDelivery) => batchId === ready[0]?.batchId;
    const others = ready.findIndex((row) => !isAlike(row));
    // an ordered endpoint: a row must not overtake an earlier one
    const alike = ordering === 'endpoint' && others >= 0 ? ready.slice(0, others) : ready.filter(isAlike);
    const rows = alike.slice(0, batch.maxEvents);
    queues.take(rows);
    return rows;
  }

  function track(leave: () => void, sending: Promise<void>): void {
    const tracked = sending.finally(() => {
      leave();
      underWay.delete(tracked);
    });
    underWay.add(tracked);
  }

  /** Never rejects. */
  async function send(endpoint: LaneEndpoint, rows: HeldDelivery[], probe: boolean): Promise<void> {
    const taken = new Map(rows.map((row) => [row.deliveryId, row]));
    const batchId = endpoint.batch ? (rows[0]?.batchId ?? newId('bat')) : null;
    if (batchId) batches.add(batchId);
    try {
      if (rows.some(({ deliveryId }) => deps.isInHand(deliveryId))) return;
      const members = batchId === null ? await contents.single(endpoint, rows) : await contents.batch(endpoint, rows, batchId);
      for (const row of members) taken.set(row.deliveryId, row);
      queues.take(members);
      if (members.length > 0) await sendRows(endpoint, members, batchId, probe, taken);
    } catch (error) {
      deps.log.warn({ err: error, endpointId }, 'lane.not_sent');
    } finally {
      if (batchId) batches.delete(batchId);
      // these rows were not sent
      for (const row of taken.values()) queues.pause(row, Date.now() + noPlaceMs);
    }
  }

  async function sendRows(
    endpoint: LaneEndpoint,
    rows: HeldDelivery[],
    batchId: string | null,
    probe: boolean,
    taken: Map<string, HeldDelivery>,
  ): Promise<void> {
    sent++;
    const expiresAtMs = Math.min(...rows.map((row) => row.expiresAtMs));
    const isTooLate = () => deps.isTooLate() || performance.now() >= expiresAtMs;
    const requestResult = await sendLaneRequest(deps, { rows, batchId, endpoint, probe, isTooLate });
    const type = batchId === null ? (rows[0]?.eventType ?? '') : '';
    // a late response from the endpoint's old target says nothing about the new one
    const isCurrent = endpoint.targetVersion === throttle.targetVersion();
    if (requestResult.kind === 'done' && isCurrent)
      throttle.saw(requestResult.result, type, requestResult.startedMs, maxInFlightOf(endpoint));
    for (const row of rows) {
      taken.delete(row.deliveryId);
      settle(endpoint, row, requestResult, probe);
    }
    await deps.onSent(endpoint, requestResult, probe);
  }

  function settle({ ordering }: LaneEndpoint, row: HeldDelivery, requestResult: LaneRequestResult, probe: boolean): void {
    const status = requestResult.kind === 'done' ? requestResult.statuses.get(row.deliveryId) : undefined;
    if (requestResult.kind === 'ours') queues.pause(row, Date.now() + requestResult.waitMs);
    // the batch was sent without this delivery
    else if (status === undefined) queues.pause(row, Date.now() + ourPauseMs);
    else if (ordering === 'none' || status === 'succeeded') queues.done(row);
    else {
      // a new dead letter may block its line, a delivery cancelled meanwhile does not: read the line again
      const waits = !probe && requestResult.retryInMs !== null && status === 'held';
      queues.wait(row, waits ? Date.now() + (requestResult.retryInMs ?? 0) : null);
    }
  }

  return {
    room,
    isFullSpeed: (endpoint) => throttle.allowed(maxInFlightOf(endpoint)) === maxInFlightOf(endpoint),
    async begin(endpoint, probe) {
      const wanted = Math.min(room(endpoint), probe || endpoint.batch ? 1 : queues.movable(Date.now()));
      if (wanted <= 0) return { begun: 0, waitMs: null };
      const taken = placesFor(endpoint, wanted);
      if (taken.length === 0) return { begun: 0, waitMs: noPlaceMs };
      const { granted, waitMs } = await pace.take(endpoint, taken.length);
      let begun = 0;
      for (const leave of taken) {
        const rows = begun < granted ? nextRows(endpoint, probe) : [];
        if (rows.length === 0) {
          leave();
          continue;
        }
        begun++;
        track(leave, send(endpoint, rows, probe));
      }
      return { begun, waitMs: granted < taken.length ? waitMs : null };
    },
    oneEnded: () => Promise.race(underWay),
    async allEnded() {
      await Promise.allSettled(underWay);
    },
    sent: () => sent,
  };
}
