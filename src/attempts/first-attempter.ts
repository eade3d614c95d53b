// Makes first attempts for a relay: posts deliveries that have no row yet, and records row and
// attempt together. If the relay is fenced and the next relay of this process takes the same event,
// that one joins the attempt in flight: nothing is posted twice.
import { setTimeout as delay } from 'node:timers/promises';
import type { FirstRecord } from '#db/deliveries/first-attempts';
import type { AskedEndpoint } from '#db/endpoints/endpoint-to-send';
import type { EndpointSnapshot } from '#db/endpoints/tenant-endpoints';
import type { NewHeld } from '#db/lanes/parking';
import { isStoreAway } from '#db/store/errors';
import { parksBySettings } from '#domain/attempt';
import { LocalFault } from '#outbound/local-fault';
import type { Logger } from '#runtime/logger';
import { type FirstAttempt, idOf, isExpired, toRow } from './first-attempt.ts';
import type { LaneWatch } from './lane-watch.ts';
import { logAttempt, type Poster } from './poster.ts';
import type { Recorder } from './recorder.ts';
import type { Slots } from './slots.ts';
import { createStallWatch, type StallWatch } from './stall-watch.ts';
import { createTurnQueue } from './turn-queue.ts';

const lookMs = 250;
/** Far shorter than the queue waits for an endpoint, which must not be blamed while PostgreSQL is away. */
const heldUpAfterMs = 250;
const parkAgainMs = 500;

type Written = 'final' | 'open' | 'dropped';

/**
 * The first attempts that this process has begun and not recorded, by delivery id. Each resolves to how the row was
 * written.
 */
export type InHand = Map<string, Promise<Written>>;

export interface FirstAttempter {
  push(job: FirstAttempt): void;
  waiting(): number;
  /** The ids of the events whose attempts are in flight or not recorded. */
  eventsUnderWay(): string[];
  /** Drops the jobs that wait. Resolves when the attempts in flight are recorded. */
  stop(): Promise<void>;
}

export interface FirstAttempterDeps {
  places: Slots;
  poster: Poster;
  recorder: Recorder;
  lanes: LaneWatch;
  /** Resolves when the deliveries are held and their lanes told. Rejects when PostgreSQL is away. */
  park(deliveries: NewHeld[]): Promise<void>;
  log: Logger;
  /** One for the whole process. */
  inHand?: InHand;
  watch?: StallWatch;
}

/**
 * A delivery is parked when only the endpoint's lane may send to it, or when too many wait for the endpoint's slots.
 * A delivery that cannot be posted for another reason (no slot for its tenant, a failure inside Posthorn) is given up:
 * its row is written as due, and its workflow goes on.
 */
export function createFirstAttempter(deps: FirstAttempterDeps): FirstAttempter {
  const { places, poster, recorder, lanes, park, log } = deps;
  const inHand: InHand = deps.inHand ?? new Map();
  const watch = deps.watch ?? createStallWatch();
  const underWay = new Map<Promise<void>, FirstAttempt>();
  const queue = createTurnQueue<FirstAttempt>({
    places,
    run: (job) => track(job, hold(job, attempt(job))),
    giveUp: (job, want) => void track(job, hold(job, resolveWithoutSlot(job, want))),
    heldUp: () => recorder.waitedMs() > heldUpAfterMs || !lanes.isFresh(),
  });
  const looking = setInterval(queue.look, lookMs).unref();

  function track(job: FirstAttempt, writing: Promise<Written>): Promise<void> {
    const tracked = writing
      .then((written) => {
        if (written !== 'dropped') job.written(written);
      })
      .catch((error) => log.error({ err: error }, 'delivery.first_attempt_failed'))
      .finally(() => {
        underWay.delete(tracked);
      });
    underWay.set(tracked, job);
    return tracked;
  }

  function hold(job: FirstAttempt, writing: Promise<Written>): Promise<Written> {
    const id = idOf(job);
    const held = writing.finally(() => inHand.delete(id));
    inHand.set(id, held);
    return held;
  }

  function enqueue(job: FirstAttempt): void {
    queue.push(job, job.event.tenantId, job.endpointId, job.endpointLimit);
  }

  function push(job: FirstAttempt): void {
    const begun = inHand.get(idOf(job))?.catch((): Written => 'dropped');
    if (begun === undefined) enqueue(job);
    else {
      void track(job, begun);
      void begun.then((written) => written === 'dropped' && enqueue(job));
    }
  }

  async function attempt(job: FirstAttempt): Promise<Written> {
    const knowsEnough = () => lanes.isFresh() && job.isFresh();
    while ((recorder.isBehind() || !knowsEnough()) && job.mayPost()) await delay(100);
    if (!job.mayPost()) return 'dropped';
    const mark = watch.mark();
    const id = idOf(job);
    let record: FirstRecord['attempt'];
    let asked: AskedEndpoint;
    // the delivery must get its row, whatever fails here
    try {
      const endpoint = job.endpoint();
      if (!endpoint) return giveUp(job);
      if (parks(endpoint)) return parkOne(job);
      if (isExpired(job.event)) return giveUp(job);
      asked = endpoint;
      record = await poster.post({
        deliveryId: id,
        eventId: job.event.eventId,
        endpointId: job.endpointId,
        tenantId: job.event.tenantId,
        round: 1,
        attempts: 0,
        webhookId: job.event.externalId,
        body: job.event.body,
        sealed: endpoint.sealed,
        format: endpoint.format,
        signing: endpoint.signing,
        timeoutMs: endpoint.timeoutMs,
        retry: endpoint.retry,
        acceptedHereMs: job.event.acceptedHereMs,
        isTooLate: () => !job.mayPost() || !knowsEnough(),
        secrets: endpoint.secrets.filter(({ validToMs }) => validToMs === null || validToMs > Date.now()),
      });
    } catch (error) {
      // nothing was sent: check again
      if (error instanceof LocalFault && error.code === 'too_late') return attempt(job);
      log.warn({ err: error, deliveryId: id, endpointId: job.endpointId }, 'delivery.not_posted');
      return giveUp(job);
    }
    // a process that was suspended cannot tell whether the endpoint was late
    if (record.result.outcome === 'timeout' && watch.stalledSince(mark)) return giveUp(job);
    const status = (await recorder.recordFirst({ ...toRow(job), attempt: record })) ?? (await recorder.record(record));
    lanes.recordOutcome(asked, job.event.eventType, record.result);
    await poster.obeyEndpoint(asked, record.result);
    logAttempt(log, { endpointId: job.endpointId, tenantId: job.event.tenantId }, record, status);
    return status === 'succeeded' ? 'final' : 'open';
  }

  async function giveUp(job: FirstAttempt): Promise<Written> {
    if (!job.mayPost()) return 'dropped';
    await recorder.recordFirst({ ...toRow(job), attempt: null });
    return 'open';
  }

  /**
   * No slot of the endpoint: its lane takes over. No slot of the tenant: a lane that exists takes over, but none is
   * opened.
   */
  async function resolveWithoutSlot(job: FirstAttempt, want: 'endpoint' | 'tenant'): Promise<Written> {
    if (want === 'endpoint') return parkOne(job, lanes.overCap);
    return lanes.parks(job.endpointId) ? parkOne(job) : giveUp(job);
  }

  function parks(endpoint: EndpointSnapshot): boolean {
    return parksBySettings(endpoint, Date.now()) || lanes.parks(endpoint.endpointId);
  }

  async function parkOne(job: FirstAttempt, open?: (endpointId: string) => Promise<void>): Promise<Written> {
    while (job.mayPost()) {
      try {
        await open?.(job.endpointId);
        await park([toRow(job)]);
        return 'final';
      } catch (error) {
        log.warn({ err: error, deliveryId: idOf(job), endpointId: job.endpointId }, 'delivery.not_parked');
        if (!isStoreAway(error)) return giveUp(job);
        await delay(parkAgainMs);
      }
    }
    return 'dropped';
  }

  return {
    push,
    waiting: () => queue.size(),
    eventsUnderWay: () => [...new Set([...underWay.values()].map(({ event }) => event.eventId))],
    async stop() {
      clearInterval(looking);
      queue.stop();
      await Promise.allSettled(underWay.keys());
    },
  };
}
