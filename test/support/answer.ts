// Builds the SendResult of a request with this status code or this outcome.
import { type Outcome, outcomeOfStatus, type SendResult } from '#domain/deliveries/outcome';

export function answerOf(statusOrOutcome: number | Outcome): SendResult {
  const timings = { dnsMs: null, connectMs: null, tlsMs: null, firstByteMs: null, totalMs: 1 };
  const rest = { message: '', timings, address: null, retryAfterMs: null };
  if (typeof statusOrOutcome !== 'number') return { ...rest, outcome: statusOrOutcome, response: null };
  const response = { statusCode: statusOrOutcome, headers: [], bodyStart: new Uint8Array(), bodyTruncated: false };
  return { ...rest, outcome: outcomeOfStatus(statusOrOutcome), response };
}
