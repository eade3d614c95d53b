// Makes one request: decrypts, renders, signs, sends, and returns the record to store. Used for
// direct attempts, first attempts and lanes. Stores no attempt itself: each call sends again.
import type { AttemptRecord } from '#db/deliveries/attempts';
import type { AskedEndpoint } from '#db/endpoints/endpoint-to-send';
import { stopEndpoint } from '#db/endpoints/failing-endpoints';
import { holdEndpoint } from '#db/endpoints/hold-endpoint';
import type { ContentEncryption } from '#db/keys/content-encryption';
import type { Db } from '#db/store/pool';
import { retryInMs } from '#domain/deliveries/attempt';
import type { SendResult } from '#domain/deliveries/outcome';
import { type RetryPolicy, waitAfter } from '#domain/deliveries/retry-schedule';
import { signsWithKeyPair } from '#domain/endpoints/signing';
import type { TraceContext } from '#domain/events/trace-context';
import { LocalFault } from '#outbound/local-fault';
import { renderBatch } from '#outbound/render';
import type { Sender, SendRequest } from '#outbound/send';
import type { MessageKey } from '#outbound/sign-message';
import type { Reached } from '#runtime/checkpoints';
import type { Logger } from '#runtime/logger';
import { newId } from '#runtime/new-id';
import { UnknownMasterKey, type Vault } from '#sealing/vault';
import type { AttemptMetrics } from '#telemetry/attempt-metrics';
import { createDecryptionCache, openBodies } from './decryption-cache.ts';
import { KeyRing } from './key-ring.ts';
import { asFault, RenderError } from './render-error.ts';
import { type BatchElement, buildRequest, type SignedJob, sentRequest } from './request.ts';
import { createShapes, type Shapeable, type Shapes, shaped } from './shapes.ts';

/** The event of `body`, which is encrypted or as the producer posted it. */
export interface PostJob extends Omit<SignedJob, 'secrets' | 'keyPairs' | 'target' | 'batch'>, Shapeable {
  batch?: (BatchElement & Shapeable & { trace?: TraceContext | null })[] | undefined;
  round: number;
  /** Attempts made in this round before this one. */
  attempts: number;
  retry: RetryPolicy | null;
  /** The endpoint's target, encrypted, and its version. */
  sealed: Uint8Array;
  targetVersion: number;
  secrets: { id: string; sealed: Uint8Array }[];
  /**
   * When this process accepted the event, by the monotonic clock. Null or absent: another process accepted it, or this
   * is not the first attempt.
   */
  acceptedHereMs?: number | null;
  /** Called right before the request is written. True: `post` throws LocalFault (`too_late`), and nothing was sent. */
  isTooLate?: (() => boolean) | undefined;
}

export interface Poster {
  /**
   * Posts once. Throws RenderError, or LocalFault when the local network or machine failed, which counts as no attempt.
   */
  post(job: PostJob): Promise<AttemptRecord>;
  /**
   * Applies 410 (disables the endpoint), and 429 or 503 with Retry-After (the whole endpoint waits), unless the
   * endpoint's target has changed since. If PostgreSQL is away this is lost, and the endpoint's next response says it
   * again. Never rejects.
   */
  obeyEndpoint(asked: AskedEndpoint, result: SendResult): Promise<void>;
}

export interface PosterDeps {
  db: Db;
  vault: Pick<Vault, 'open' | 'seal'>;
  contents: Pick<ContentEncryption, 'open'>;
  sender: Pick<Sender, 'send' | 'userAgent'>;
  log: Logger;
  defaultRetry: RetryPolicy;
  metrics?: AttemptMetrics;
  reached?: Reached;
}

export function createPoster({ db, vault, contents, sender, log, defaultRetry, metrics, reached }: PosterDeps): Poster {
  const opened = createDecryptionCache(vault);
  const keyRing = new KeyRing(db, vault);
  const open = openingOf(contents, createShapes(db, vault));

  /**
   * An unknown error and a header that may not be sent will repeat: RenderError. A failing network or machine is tried
   * again.
   */
  async function send(request: SendRequest): Promise<SendResult> {
    try {
      return await sender.send(request);
    } catch (error) {
      const lasting = error instanceof LocalFault && (error.code === 'unknown' || error.code === 'header_not_ours_to_send');
      throw lasting ? new RenderError(error) : error;
    }
  }

  function render(job: PostJob, number: number, nowMs: number, keyPairs: MessageKey[]) {
    try {
      // An invalid retry policy must throw here. After the POST it would prevent the record, and the POST would repeat.
      waitAfter(job.retry ?? defaultRetry, number);
      return buildRequest(
        { ...job, target: opened.target(job.endpointId, job.sealed), secrets: job.secrets.map(opened.secret), keyPairs },
        number,
        nowMs,
      );
    } catch (error) {
      throw error instanceof UnknownMasterKey ? error : new RenderError(error, unrendered(job));
    }
  }

  return {
    async post(job) {
      const plain = await open(job);
      const keyPairs = signsWithKeyPair(job.signing) ? await keyRing.signersOf(job.tenantId).catch(asFault) : [];
      const startedAt = new Date();
      const startedMs = performance.now();
      const number = job.attempts + 1;
      const request = render(plain, number, startedAt.getTime(), keyPairs);
      const result = await send({ ...request, isTooLate: job.isTooLate });
      metrics?.attempted(result.outcome, result.timings.totalMs, job.trace);
      if (job.acceptedHereMs) metrics?.sentFirst(startedMs - job.acceptedHereMs);
      await reached?.('posted');
      const retry = retryInMs(result, number, job.retry ?? defaultRetry, Math.random());
      const sent = sentRequest(plain, request, number, sender.userAgent);
      return { attemptId: newId('att'), deliveryId: job.deliveryId, round: job.round, number, startedAt, sent, result, retryInMs: retry };
    },
    async obeyEndpoint({ endpointId, targetVersion }, result) {
      const asked = { endpointId, targetVersion };
      try {
        if (result.outcome === 'gone') await stopEndpoint(db, asked, newId('alr'), 'the endpoint answered 410 Gone');
        if (result.retryAfterMs !== null && result.retryAfterMs > 0) await holdEndpoint(db, asked, result.retryAfterMs);
      } catch (error) {
        log.error({ err: error, endpointId }, 'endpoint.not_held');
      }
    },
  };
}

/** Decrypts the bodies of a job, and changes them as their shapes say. */
function openingOf(contents: PosterDeps['contents'], shapes: Shapes): (job: PostJob) => Promise<PostJob> {
  return async (job) => shaped<PostJob>(shapes, { ...job, ...(await openBodies(contents, job)) });
}

/** The event ids of a batch whose event cannot be rendered. */
function unrendered({ format, tenantId, batch = [] }: PostJob): string[] {
  const fails = (one: BatchElement) => {
    try {
      renderBatch(format, [{ ...one, tenantId }]);
      return false;
    } catch {
      return true;
    }
  };
  return batch.filter(fails).map(({ eventId }) => eventId);
}
