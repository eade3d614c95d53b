// First attempts ahead of a dispatch: posts deliveries that have no row yet, in turns, and records row and attempt together.
// One that may not be posted now - no place, a closed gate, an endpoint that asked for peace, a fault of ours - is given up: its row is written as
// due, and its workflow carries on.
import { setTimeout as delay } from 'node:timers/promises';
import type { FirstRecord } from '../db/first-attempts.ts';
import type { EndpointSnapshot } from '../db/tenant-endpoints.ts';
import type { DeliveryStatus } from '../domain/delivery.ts';
import { deliveryId } from '../domain/ids.ts';
import type { Logger } from '../logger.ts';
import type { Places } from './places.ts';
import { logAttempt, type Poster } from './poster.ts';
import type { Recorder } from './recorder.ts';
import { createTurnQueue } from './turn-queue.ts';

const lookMs = 250;

export interface FirstEvent {
  eventId: string;
  tenantId: string;
  eventType: string;
  /** The producer's id of the event. */
  externalId: string;
  body: Uint8Array;
  expiresAt: Date | null;
  /** By the monotonic clock of this process; null: another one accepted it. */
  acceptedHereMs: number | null;
}

export interface FirstJob {
  event: FirstEvent;
  endpointId: string;
  endpointLimit: number | null;
  /** The endpoint as it is known right before the POST; undefined: it is gone. */
  endpoint(): EndpointSnapshot | undefined;
  /** False: this process has lost the event, and neither posts nor writes. */
  mayPost(): boolean;
  /** The delivery's row is written. Not called for one that was dropped. */
  written(): void;
}

export interface FirstAttempter {
  push(job: FirstJob): void;
  waiting(): number;
  /** Drops what waits, and resolves when what is under way is recorded. */
  stop(): Promise<void>;
}

export interface FirstAttempterDeps {
  places: Places;
  poster: Poster;
  recorder: Recorder;
  log: Logger;
}

export function createFirstAttempter({ places, poster, recorder, log }: FirstAttempterDeps): FirstAttempter {
  const underWay = new Set<Promise<void>>();
  const queue = createTurnQueue<FirstJob>({
    places,
    run: (job) => track(attempt(job)),
    giveUp: (job) => void track(giveUp(job)),
    heldUp: recorder.isBehind,
  });
  const looking = setInterval(queue.look, lookMs).unref();

  function track(work: Promise<void>): Promise<void> {
    const tracked = work
      .catch((error) => log.error({ err: error }, 'delivery.first_attempt_failed'))
      .finally(() => {
        underWay.delete(tracked);
      });
    underWay.add(tracked);
    return tracked;
  }

  async function attempt(job: FirstJob): Promise<void> {
    while (recorder.isBehind() && job.mayPost()) await delay(100);
    if (!job.mayPost()) return;
    const id = deliveryId(job.event.eventId, job.endpointId);
    let record: FirstRecord['attempt'];
    // whatever is wrong with this one, it must not be left without its row
    try {
      const endpoint = job.endpoint();
      if (!endpoint || !isOpen(endpoint, job.event)) return giveUp(job);
      record = await poster.post({
        deliveryId: id,
        endpointId: job.endpointId,
        tenantId: job.event.tenantId,
        round: 1,
        attempts: 0,
        webhookId: job.event.externalId,
        body: job.event.body,
        url: endpoint.url,
        headers: endpoint.headers,
        timeoutMs: endpoint.timeoutMs,
        retry: endpoint.retry,
        acceptedHereMs: job.event.acceptedHereMs,
        secrets: endpoint.secrets.filter(({ validToMs }) => validToMs === null || validToMs > Date.now()),
      });
    } catch (error) {
      log.warn({ err: error, deliveryId: id, endpointId: job.endpointId }, 'delivery.not_posted');
      return giveUp(job);
    }
    const status: DeliveryStatus | null = (await recorder.recordFirst(toRecord(job, id, record))) ?? (await recorder.record(record));
    await poster.obeyEndpoint(job.endpointId, record.result);
    logAttempt(log, { endpointId: job.endpointId, tenantId: job.event.tenantId }, record, status);
    job.written();
  }

  async function giveUp(job: FirstJob): Promise<void> {
    if (!job.mayPost()) return;
    await recorder.recordFirst(toRecord(job, deliveryId(job.event.eventId, job.endpointId), null));
    job.written();
  }

  return {
    push: (job) => queue.push(job, job.event.tenantId, job.endpointId, job.endpointLimit),
    waiting: () => queue.size(),
    async stop() {
      clearInterval(looking);
      queue.stop();
      await Promise.allSettled(underWay);
    },
  };
}

function isOpen({ gate, notBeforeMs }: EndpointSnapshot, { expiresAt }: FirstEvent): boolean {
  const now = Date.now();
  return gate === 'open' && (notBeforeMs === null || notBeforeMs <= now) && (expiresAt === null || expiresAt.getTime() > now);
}

function toRecord({ event, endpointId }: FirstJob, id: string, attempt: FirstRecord['attempt']): FirstRecord {
  const { eventId, tenantId, eventType, expiresAt } = event;
  return { deliveryId: id, eventId, endpointId, tenantId, eventType, expiresAt, attempt };
}
