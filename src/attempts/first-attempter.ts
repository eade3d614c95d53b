// First attempts ahead of a dispatch: posts deliveries that have no row yet, in turns, and records row and attempt together.
// One whose endpoint's lane alone sends to it by now, or that finds its endpoint crowded, is parked. One that cannot be posted for another reason - no place
// for its tenant, a fault of ours - is given up: its row is written as due, and its workflow carries on.
//
// What if the relay that wanted it is fenced meanwhile, and the next one in this process takes the event again? Then that one joins what is in hand, and
// nothing is posted twice.
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
import type { Slots } from './places.ts';
import { logAttempt, type Poster } from './poster.ts';
import type { Recorder } from './recorder.ts';
import { createStallWatch, type StallWatch } from './stall-watch.ts';
import { createTurnQueue } from './turn-queue.ts';

const lookMs = 250;
/** Far less than the patience with an endpoint, which must not be blamed for a store that is away. */
const heldUpAfterMs = 250;
const parkAgainMs = 500;

type Written = 'final' | 'open' | 'dropped';

/** First attempts that this process has begun and not recorded, by delivery id; each says in the end how the delivery's row is written. */
export type InHand = Map<string, Promise<Written>>;

export interface FirstAttempter {
  push(job: FirstAttempt): void;
  waiting(): number;
  /** The events that attempts under way belong to. */
  eventsUnderWay(): string[];
  /** Drops what waits, and resolves when what is under way is recorded. */
  stop(): Promise<void>;
}

export interface FirstAttempterDeps {
  places: Slots;
  poster: Poster;
  recorder: Recorder;
  lanes: LaneWatch;
  /** Resolves when they are held and their lanes told. Rejects when the store is away. */
  park(deliveries: NewHeld[]): Promise<void>;
  log: Logger;
  /** Shared by all of this process. */
  inHand?: InHand;
  watch?: StallWatch;
}

export function createFirstAttempter(deps: FirstAttempterDeps): FirstAttempter {
  const { places, poster, recorder, lanes, park, log } = deps;
  const inHand: InHand = deps.inHand ?? new Map();
  const watch = deps.watch ?? createStallWatch();
  const underWay = new Map<Promise<void>, FirstAttempt>();
  const queue = createTurnQueue<FirstAttempt>({
    places,
    run: (job) => track(job, hold(job, attempt(job))),
    giveUp: (job, want) => void track(job, hold(job, turnAway(job, want))),
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
    // whatever is wrong with this one, it must not be left without its row
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
      // nothing was sent: it is looked at again
      if (error instanceof LocalFault && error.code === 'too_late') return attempt(job);
      log.warn({ err: error, deliveryId: id, endpointId: job.endpointId }, 'delivery.not_posted');
      return giveUp(job);
    }
    // whoever stood still cannot say that the endpoint was late
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

  /** For want of a place: of its endpoint, whose lane takes over, or of its tenant, for which no endpoint of it gets a lane that has none. */
  async function turnAway(job: FirstAttempt, want: 'endpoint' | 'tenant'): Promise<Written> {
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
