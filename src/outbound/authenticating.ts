// A sender that shows an access token where the endpoint wants one. A token that it does not take any more is replaced once, within the same attempt.
import type { SendResult } from '#domain/outcome';
import { LocalFault } from './local-fault.ts';
import { type Asked, createTokens } from './oauth.ts';
import type { Sender, SendRequest } from './send.ts';

type Sending = Pick<Sender, 'send'>;

const leastMs = 1;

/** The deadline of a request is that of all of it: token, POST, and both again. */
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
      // the endpoint did answer, whatever became of asking it again
      if (error instanceof LocalFault) return result;
      throw error;
    }
  }

  return { send: (request) => (request.access?.oauth ? sendWithToken(request) : sender.send(request)) };
}

function withToken(request: SendRequest, token: string): SendRequest {
  return { ...request, headers: { ...request.headers, authorization: `Bearer ${token}` } };
}

/** Whoever waits for a token waits no longer than its own deadline: others may wait on. */
function inTime(asked: Promise<Asked>, ms: number, signal: AbortSignal | undefined, isWaiting: () => boolean): Promise<Asked> {
  return new Promise((resolve, reject) => {
    const late = () => {
      if (isWaiting()) reject(new LocalFault('no_connection_free', 'no connection to the token server became free in time'));
      else resolve({ refused: 'no access token came in time', retryAfterMs: null });
    };
    // if this process stood still, what came meanwhile is to be read first
    const timer = setTimeout(() => setImmediate(late), Math.max(leastMs, ms));
    const onAbort = () => reject(new LocalFault('aborted', 'the attempt was given up', signal?.reason));
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
