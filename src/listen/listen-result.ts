// The outcome of an attempt whose request went to `posthorn listen`.
import { type Outcome, outcomeOfStatus, refusalOfErrorCode, retryAfterMs, type SendResult } from '#domain/deliveries/outcome';
import type { ListenAnswer } from '#domain/endpoints/listen';

/** `totalMs`: since the attempt began, on the side of Posthorn. The time of the first byte is what the receiver took. */
export function answeredResult(answer: ListenAnswer, totalMs: number, timeoutMs: number, nowMs: number): SendResult {
  const from = `${answer.target} (posthorn listen)`;
  const { status } = answer;
  if (status === undefined) return failed(answer, from, totalMs, timeoutMs);
  const headers = answer.headers ?? [];
  const retryAfter = headers.find(([name]) => name.toLowerCase() === 'retry-after')?.[1];
  return {
    outcome: outcomeOfStatus(status),
    message: `HTTP ${status} from ${from}, ${Math.round(answer.totalMs)} ms`,
    response: {
      statusCode: status,
      headers,
      bodyStart: Buffer.from(answer.body ?? '', 'base64'),
      bodyTruncated: answer.bodyTruncated ?? false,
    },
    timings: timings(totalMs, Math.min(answer.totalMs, totalMs)),
    address: null,
    retryAfterMs: retryAfterMs(status, retryAfter, nowMs),
  };
}

function failed({ error }: ListenAnswer, from: string, totalMs: number, timeoutMs: number): SendResult {
  const code = error?.code ?? 'UNKNOWN';
  const outcome = refusalOfErrorCode(code) ?? 'connect';
  const message =
    outcome === 'timeout' ? `no response from ${from} within ${timeoutMs / 1_000} s` : `cannot reach ${from} (${code}): ${error?.message}`;
  return unanswered(outcome, message, totalMs);
}

/** Nothing of the request has reached a receiver. */
export function unanswered(outcome: Outcome, message: string, totalMs: number): SendResult {
  return { outcome, message, response: null, timings: timings(totalMs, null), address: null, retryAfterMs: null };
}

function timings(totalMs: number, firstByteMs: number | null): SendResult['timings'] {
  return { dnsMs: null, connectMs: null, tlsMs: null, firstByteMs, totalMs };
}
