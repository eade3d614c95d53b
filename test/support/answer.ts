// What a POST that was answered so, or failed so, comes to.
import { type Outcome, outcomeOfStatus, type SendResult } from '#domain/outcome';

export function answerOf(said: number | Outcome): SendResult {
  const timings = { dnsMs: null, connectMs: null, tlsMs: null, firstByteMs: null, totalMs: 1 };
  const rest = { message: '', timings, address: null, retryAfterMs: null };
  if (typeof said !== 'number') return { ...rest, outcome: said, response: null };
  const response = { statusCode: said, headers: [], bodyStart: new Uint8Array(), bodyTruncated: false };
  return { ...rest, outcome: outcomeOfStatus(said), response };
}
