// Wraps a sender and adds an OAuth access token where the endpoint needs one.
// When the endpoint answers 401, the token is replaced and the request sent again: once, within
// the same attempt and its timeout.
import type { SendResult } from '#domain/deliveries/outcome';
import { LocalFault } from './local-fault.ts';
import { type Asked, createTokens } from './oauth.ts';
import type { Sender, SendRequest } from './send.ts';

type Sending = Pick<Sender, 'send' | 'userAgent'>;

const leastMs = 1;

/** `timeoutMs` of a request covers everything: token request, POST, and both again after a 401. */
export function authenticating(sender: Sending): Sending {
  const tokens = createTokens(sender.send);

  async function sendWithToken(request: SendRequest): Promise<SendResult> {
    const { endpointId = '', oauth } = request.access ?? {};
    if (!oauth) return sender.send(request);
    const startedAt = performance.now();
    const leftMs = () => request.timeoutMs - (performance.now() - startedAt);
    const get = () => inTime(tokens.get(endpointId, oauth), leftMs(), request.signal, () => tokens.isWaiting(endpointId, oauth));
    const post = async (token: string) =>
      inAll(await sender.send({ ...withToken(request, token), timeoutMs: Math.max(leastMs, leftMs()) }), startedAt);

    const first = await get();
    if ('refused' in first) return authFailed(first, startedAt);
    const result = await post(first.token);
    if (result.outcome !== 'http_status' || result.response?.statusCode !== 401 || leftMs() < leastMs) return result;
    tokens.forget(endpointId, oauth, first.token);
    try {
      const second = await get();
      return 'refused' in second ? authFailed(second, startedAt) : await post(second.token);
    } catch (error) {
      // the endpoint answered 401; an internal failure while retrying does not undo that
      if (error instanceof LocalFault) return result;
      throw error;
    }
  }

  return { userAgent: sender.userAgent, send: (request) => (request.access?.oauth ? sendWithToken(request) : sender.send(request)) };
}

function withToken(request: SendRequest, token: string): SendRequest {
  return { ...request, headers: { ...request.headers, authorization: `Bearer ${token}` } };
}

/** Limits the wait for a shared token request to the caller's own deadline. Other callers may wait longer. */
function inTime(asked: Promise<Asked>, ms: number, signal: AbortSignal | undefined, isWaiting: () => boolean): Promise<Asked> {
  return new Promise((resolve, reject) => {
    const late = () => {
      if (isWaiting()) reject(new LocalFault('no_connection_free', 'no connection to the token server became free before the deadline'));
      else resolve({ refused: 'no access token before the deadline', retryAfterMs: null });
    };
    // after a stall of this process, the event loop reads what has arrived before the timeout counts
    const timer = setTimeout(() => setImmediate(late), Math.max(leastMs, ms));
    const onAbort = () => reject(new LocalFault('aborted', 'the attempt was aborted', signal?.reason));
    signal?.addEventListener('abort', onAbort);
    if (signal?.aborted) onAbort();
    asked.then(resolve, reject).finally(() => {
      clearTimeout(timer);
      signal?.removeEventListener('abort', onAbort);
    });
  });
}

function inAll(result: SendResult, startedAt: number): SendResult {
  return { ...result, timings: { ...result.timings, totalMs: performance.now() - startedAt } };
}

function authFailed({ refused, retryAfterMs }: { refused: string; retryAfterMs: number | null }, startedAt: number): SendResult {
  const timings = { dnsMs: null, connectMs: null, tlsMs: null, firstByteMs: null, totalMs: performance.now() - startedAt };
  return { outcome: 'auth_failed', message: refused, response: null, timings, address: null, retryAfterMs };
}
