// The engine that makes attempts: reads the row, asks the domain what to do, posts at most once, and records surely.
//
// What if it is called twice? A second call for a delivery in flight here, or not yet recorded, joins the first one's outcome and never posts.
// What if the store is away? Before the POST: the call fails and nothing was sent. After it: the outcome waits here until it is stored, and
// while one has waited for a second no other POST starts. What a SIGKILL leaves unrecorded repeats; nothing else does.
import { setTimeout as delay } from 'node:timers/promises';
import type { Reached } from '../checkpoints.ts';
import { type AttemptRecord, holdEndpoint, stopEndpoint } from '../db/attempts.ts';
import { countFault, type DeliveryJob, type DeliveryState, deferDelivery, readDeliveryJob, settleDelivery } from '../db/deliveries.ts';
import type { Db } from '../db/pool.ts';
import { nextStep, retryInMs } from '../domain/attempt.ts';
import { type DeliveryStatus, isUnderWay } from '../domain/delivery.ts';
import type { SendResult } from '../domain/outcome.ts';
import type { RetryPolicy } from '../domain/retry-schedule.ts';
import type { Logger } from '../logger.ts';
import { newId } from '../new-id.ts';
import { LocalFault } from '../outbound/local-fault.ts';
import type { Sender } from '../outbound/send.ts';
import type { Vault } from '../vault.ts';
import { createPlaces, type PlaceLimits } from './places.ts';
import { createRecorder } from './recorder.ts';
import { type AttemptRequest, buildRequest } from './request.ts';
import { createStallWatch } from './stall-watch.ts';
import { createTurnedAway } from './turned-away.ts';

export type AttemptReport =
  /** Nothing more to attempt: what the row is now. */
  | { kind: 'settled'; state: DeliveryState }
  /** The endpoint refused; the next one is in `retryInMs`. */
  | { kind: 'refused'; state: DeliveryState; result: SendResult; retryInMs: number }
  /** Nothing was sent: too early (`outcome` and `message` are then those of the last attempt), or no free place. */
  | { kind: 'wait'; ms: number; outcome: string; message: string }
  /** A deterministic fault of ours, counted towards quarantine; spends no attempt. */
  | { kind: 'fault'; faults: number; message: string };

export interface Engine {
  /** Rejects when our own store or network is at fault: nothing was sent or spent, call again. */
  attempt(deliveryId: string): Promise<AttemptReport>;
  /** Waits until nothing is in flight or unrecorded, at most so long; true when that was reached. */
  drain(withinMs: number): Promise<boolean>;
  /** Requests in flight, and outcomes not yet recorded. */
  load(): { inFlight: number; unrecorded: number };
}

export interface EngineDeps {
  db: Db;
  vault: Pick<Vault, 'open'>;
  sender: Pick<Sender, 'send'>;
  log: Logger;
  limits: PlaceLimits;
  defaultRetry: RetryPolicy;
  reached?: Reached;
}

export function createEngine({ db, vault, sender, log, limits, defaultRetry, reached }: EngineDeps): Engine {
  const places = createPlaces(limits);
  const recorder = createRecorder(db, log);
  const watch = createStallWatch();
  const turnedAway = createTurnedAway();
  const underWay = new Map<string, Promise<AttemptReport>>();

  async function run(deliveryId: string): Promise<AttemptReport> {
    if (recorder.isBehind()) throw new Error('outcomes wait to be recorded: nothing is posted until they are');
    const mark = watch.mark();
    const job = await readDeliveryJob(db, deliveryId);
    if (!job) return settled('expired', 0, null);
    const step = nextStep(job);
    if (step.kind === 'finished') return settled(step.status, job.attempts, job.lastOutcome);
    if (step.kind === 'settle') {
      return settled((await settleDelivery(db, deliveryId, step.as)) ?? 'expired', job.attempts, job.lastOutcome);
    }
    if (step.kind === 'wait')
      return { kind: 'wait', ms: step.ms, outcome: job.lastOutcome ?? 'not_due', message: job.lastMessage ?? 'its time has not come' };
    const leave = places.take(job.tenantId, job.endpointId, job.maxInFlight);
    if (!leave) return turnAway(job);
    try {
      // another worker may be at it by now: fail, and let Temporal and the row say whether to call again
      if (watch.stalledSince(mark)) throw new Error('this process stood still: the row it read may be out of date');
      return await post(job);
    } finally {
      leave();
    }
  }

  /** Spends nothing. A longer wait is written to the row, so that nobody takes the delivery for forgotten. */
  async function turnAway(job: DeliveryJob): Promise<AttemptReport> {
    const ms = turnedAway.waitMs(job.endpointId, job.deliveryId, Math.min(limits.endpoint, job.maxInFlight ?? limits.endpoint));
    if (ms > 5_000) await deferDelivery(db, job.deliveryId, ms);
    return { kind: 'wait', ms, outcome: 'no_place', message: 'as many requests in flight as allowed' };
  }

  async function post(job: DeliveryJob): Promise<AttemptReport> {
    const startedAt = new Date();
    const number = job.attempts + 1;
    let request: AttemptRequest;
    try {
      const secrets = job.secrets.map(({ id, sealed }) => vault.open(sealed, id));
      request = buildRequest({ job, number, nowMs: startedAt.getTime(), secrets });
    } catch (error) {
      return fault(job, error);
    }
    let result: SendResult;
    try {
      result = await sender.send(request);
    } catch (error) {
      // what the sender cannot explain it will not explain the next time either; a network or machine of ours at fault is tried again
      if (error instanceof LocalFault && (error.code === 'unknown' || error.code === 'header_not_ours_to_send')) return fault(job, error);
      throw error;
    }
    await reached?.('posted');
    return record(job, {
      attemptId: newId('att'),
      deliveryId: job.deliveryId,
      round: job.round,
      number,
      startedAt,
      result,
      retryInMs: null,
    });
  }

  async function record(job: DeliveryJob, attempt: AttemptRecord): Promise<AttemptReport> {
    const { result, number } = attempt;
    const retry = retryInMs(result, number, job.retry ?? defaultRetry, Math.random());
    const status = await recorder.record({ ...attempt, retryInMs: retry });
    await obeyEndpoint(job, result);
    log.info(
      {
        deliveryId: job.deliveryId,
        endpointId: job.endpointId,
        tenantId: job.tenantId,
        round: attempt.round,
        attempt: number,
        outcome: result.outcome,
        statusCode: result.response?.statusCode,
        totalMs: Math.round(result.timings.totalMs),
        status,
        retryInMs: retry,
      },
      'delivery.attempted',
    );
    if (status !== 'retrying' || retry === null) return settled(status ?? 'expired', number, result.outcome);
    // no wait passes the moment it expires; called a little early, it waits for what remains
    const wait = Math.min(retry, job.expiresInMs ?? retry);
    const nextAttemptAt = new Date(Date.now() + wait).toISOString();
    return { kind: 'refused', state: { status, attempts: number, nextAttemptAt, lastOutcome: result.outcome }, result, retryInMs: wait };
  }

  /** 410 stops the endpoint; 429 and 503 with Retry-After hold all of it. Lost with the store, the endpoint will say it again. */
  async function obeyEndpoint(job: DeliveryJob, result: SendResult): Promise<void> {
    try {
      if (result.outcome === 'gone') await stopEndpoint(db, job.endpointId, 'the endpoint answered 410 Gone');
      if (result.retryAfterMs !== null && result.retryAfterMs > 0) await holdEndpoint(db, job.endpointId, result.retryAfterMs);
    } catch (error) {
      log.error({ err: error, endpointId: job.endpointId }, 'endpoint.not_held');
    }
  }

  async function fault(job: DeliveryJob, error: unknown): Promise<AttemptReport> {
    const message = error instanceof Error ? error.message : String(error);
    const { status, faults } = await countFault(db, job.deliveryId, message);
    log.error({ err: error, deliveryId: job.deliveryId, endpointId: job.endpointId, faults, status }, 'delivery.fault');
    return isUnderWay(status) ? { kind: 'fault', faults, message } : settled(status, job.attempts, job.lastOutcome);
  }

  return {
    attempt(deliveryId) {
      const joined = underWay.get(deliveryId);
      if (joined) return joined;
      const started = run(deliveryId).finally(() => underWay.delete(deliveryId));
      underWay.set(deliveryId, started);
      return started;
    },
    async drain(withinMs) {
      const deadline = performance.now() + withinMs;
      while (underWay.size > 0 && performance.now() < deadline) await delay(20);
      return underWay.size === 0;
    },
    load: () => ({ inFlight: places.inUse(), unrecorded: recorder.unrecorded() }),
  };
}

function settled(status: DeliveryStatus, attempts: number, lastOutcome: string | null): AttemptReport {
  return { kind: 'settled', state: { status, attempts, nextAttemptAt: null, lastOutcome } };
}
