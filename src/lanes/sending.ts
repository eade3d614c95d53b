// Begins what a drain may send now - as many at once as the endpoint stands for, as many places as there are, as the pace allows - and draws the conclusions
// when it has ended.
import type { SlotLimits, Slots } from '#attempts/places';
import type { LaneEndpoint } from '#db/lanes/lane-endpoint';
import type { HeldDelivery } from '#db/lanes/lane-page';
import { newId } from '#runtime/new-id';
import type { EndpointThrottle } from './endpoint-throttle.ts';
import type { LaneQueues } from './lane-queues.ts';
import { type LaneRequestDeps, type LaneRequestResult, ourPauseMs, sendLaneRequest } from './lane-request.ts';
import type { Pace } from './pace.ts';
import { createRequestContents } from './request-contents.ts';

const noPlaceMs = 50;
/** Of all places: the others are left to first attempts and retries, which ask less often than lanes do. */
const lanesShare = 0.75;

export interface Sending {
  /** How many more may be begun. */
  room(endpoint: LaneEndpoint | undefined): number;
  /** It gets as many at once as it ever may: the ramp is over. */
  isFullSpeed(endpoint: LaneEndpoint): boolean;
  /** Begins some; how long to wait before more may be begun, null: until one has ended or more is known. */
  begin(endpoint: LaneEndpoint, probe: boolean): Promise<{ begun: number; waitMs: number | null }>;
  /** Resolves when one of those under way has ended. */
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
  /** The lease is over. */
  isTooLate(): boolean;
  /** In hand elsewhere in this process: a first attempt whose relay lost it. */
  isInHand(deliveryId: string): boolean;
  onSent(endpoint: LaneEndpoint, shipped: LaneRequestResult, probe: boolean): Promise<void>;
}

export function createSending(deps: SendingDeps): Sending {
  const { db, endpointId, epoch, places, limits, queues, pace, throttle } = deps;
  const underWay = new Set<Promise<void>>();
  /** Under way: members that fall due a little later are theirs. */
  const batches = new Set<string>();
  const packing = createRequestContents(db, endpointId, epoch);
  let sent = 0;
  const most = ({ maxInFlight }: LaneEndpoint) => places.ofEndpoint(maxInFlight);
  const room = (endpoint: LaneEndpoint | undefined) => (endpoint ? throttle.allowed(most(endpoint)) : 1) - underWay.size;

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
   * How many of those that may be probed are passed over: each probe that is made before its time spends nothing and would be the next one again. One that is
   * due goes back behind the others by itself when it is refused.
   */
  function probesBefore(nowMs: number, ordering: LaneEndpoint['ordering']): number {
    const [first] = queues.ready(nowMs);
    const circuit = throttle.circuit();
    return ordering === 'endpoint' || circuit.state === 'closed' || (first?.dueInMs ?? 0) <= 0 ? 0 : circuit.refusedProbes;
  }

  /** What goes in one request: one delivery, or as many as a batch holds. Empty: nothing may go now. */
  function nextRows({ batch, ordering }: LaneEndpoint, probe: boolean): HeldDelivery[] {
    const nowMs = Date.now();
    if (!batch) return [queues.next(nowMs, probe ? probesBefore(nowMs, ordering) : 0)].filter((row) => row !== undefined);
    const known = queues.ready(nowMs).filter(({ batchId }) => batchId === null || !batches.has(batchId));
    const from = (probe ? probesBefore(nowMs, ordering) : 0) % Math.max(1, known.length);
    const ready = [...known.slice(from), ...known.slice(0, from)];
    const isAlike = ({ batchId }: HeldDelivery) => batchId === ready[0]?.batchId;
    const others = ready.findIndex((row) => !isAlike(row));
    // in an order nothing is taken from behind another
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
      const shipped = batchId === null ? await packing.single(endpoint, rows) : await packing.batch(endpoint, rows, batchId);
      for (const row of shipped) taken.set(row.deliveryId, row);
      queues.take(shipped);
      if (shipped.length > 0) await sendRows(endpoint, shipped, batchId, probe, taken);
    } catch (error) {
      deps.log.warn({ err: error, endpointId }, 'lane.not_sent');
    } finally {
      if (batchId) batches.delete(batchId);
      // not sent, for whatever reason
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
    const shipped = await sendLaneRequest(deps, { rows, batchId, endpoint, probe, isTooLate });
    const type = batchId === null ? (rows[0]?.eventType ?? '') : '';
    // the late answer of a server that the endpoint led to before says nothing of the one it leads to now
    const isCurrent = endpoint.targetVersion === throttle.targetVersion();
    if (shipped.kind === 'done' && isCurrent) throttle.saw(shipped.result, type, shipped.startedMs, most(endpoint));
    for (const row of rows) {
      taken.delete(row.deliveryId);
      settle(endpoint, row, shipped, probe);
    }
    await deps.onSent(endpoint, shipped, probe);
  }

  function settle({ ordering }: LaneEndpoint, row: HeldDelivery, shipped: LaneRequestResult, probe: boolean): void {
    const status = shipped.kind === 'done' ? shipped.statuses.get(row.deliveryId) : undefined;
    if (shipped.kind === 'ours') queues.pause(row, Date.now() + shipped.waitMs);
    // a batch went without it
    else if (status === undefined) queues.pause(row, Date.now() + ourPauseMs);
    else if (ordering === 'none' || status === 'succeeded') queues.done(row);
    else {
      // one that is spent may block those behind it, one that was cancelled meanwhile does not: its line is read again
      const waits = !probe && shipped.retryInMs !== null && status === 'held';
      queues.wait(row, waits ? Date.now() + (shipped.retryInMs ?? 0) : null);
    }
  }

  return {
    room,
    isFullSpeed: (endpoint) => throttle.allowed(most(endpoint)) === most(endpoint),
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
