// Posts to an endpoint, once, and says what came of it. A refusal of the endpoint's is a result; a fault of our own is thrown.
import type { SendResult } from '#domain/outcome';
import { requestTarget } from '#domain/request-target';
import { type Access, identityOf } from './access.ts';
import type { AddressGuard } from './address-guard.ts';
import { createConnect } from './connection.ts';
import { type Connections, createConnections } from './connections.ts';
import type { Exchange } from './line.ts';
import { LocalFault, tooLate } from './local-fault.ts';
import { ownHeaders } from './own-headers.ts';
import type { EgressProxy } from './proxy.ts';
import { nothingReceived } from './receive.ts';
import { blockedResult, pastDeadline, resultOf } from './result.ts';

const longestIdleMs = 30_000;
/** A connection is renewed now and then, so that it follows where the name leads. */
const requestsPerConnection = 1_000;

export interface SendRequest {
  url: string;
  /** POST by default. */
  method?: 'OPTIONS' | undefined;
  /** Checked by the caller, but those of the connection itself, which are refused here too. */
  headers: Record<string, string>;
  /** Sent as it is. */
  body: Uint8Array;
  access?: Access | undefined;
  /** For all of it: DNS, connect, TLS, headers and body. */
  timeoutMs: number;
  /** Asked right before the request is written: if it says so it is not, which is the fault `too_late`. */
  isTooLate?: (() => boolean) | undefined;
  /** It has a connection of ours to be sent on. */
  onLine?: (() => void) | undefined;
  /** Gives the attempt up; the endpoint may have got it all the same. */
  signal?: AbortSignal | undefined;
}

export interface Sender {
  /** Throws `LocalFault` only. */
  send(request: SendRequest): Promise<SendResult>;
  /** Takes no more, waits for what is under way (each ends by its own deadline), then closes every connection. */
  close(): Promise<void>;
}

export interface SenderOptions {
  guard: AddressGuard;
  userAgent: string;
  maxConnectionsPerOrigin?: number;
  /** Over all origins. */
  maxIdleConnections?: number;
  /** How long a connection stays open for the next request when the endpoint does not say. */
  keepAliveMs?: number;
  /** PEM certificates to trust instead of the usual authorities. */
  ca?: string | string[] | undefined;
  proxy?: EgressProxy | undefined;
}

export function createSender(options: SenderOptions): Sender {
  const { guard, userAgent, maxConnectionsPerOrigin = 32, maxIdleConnections = 512, keepAliveMs = 4_000, ca, proxy } = options;
  const connections = createConnections({
    connect: createConnect({ guard, ca, proxy }),
    maxPerOrigin: maxConnectionsPerOrigin,
    maxIdle: maxIdleConnections,
    keepAliveMs,
    maxKeepAliveMs: Math.max(longestIdleMs, keepAliveMs),
    requestsPerConnection,
  });
  const underWay = new Set<Promise<SendResult>>();
  let closed = false;

  return {
    async send(request) {
      if (closed) throw new LocalFault('closed', 'the sender is closed');
      const verdict = guard.checkUrl(request.url);
      if (!verdict.ok) return blockedResult(verdict.reason);
      const attempt = post(request, verdict.url, userAgent, connections);
      underWay.add(attempt);
      return attempt.finally(() => underWay.delete(attempt));
    },
    async close() {
      closed = true;
      await Promise.allSettled(underWay);
      await connections.close();
    },
  };
}

function post(request: SendRequest, url: URL, userAgent: string, connections: Connections): Promise<SendResult> {
  const { method = 'POST', body, timeoutMs, isTooLate = () => false, signal } = request;
  const headers = ownHeaders(request.headers, userAgent);
  const startedAt = performance.now();
  return new Promise((resolve, reject) => {
    let settled = false;
    const settle = (error: Error | null, reusable: boolean) => {
      if (settled) return;
      settled = true;
      clearTimeout(deadline);
      signal?.removeEventListener('abort', onAbort);
      const result = resultOf({ exchange, error, host: url.host, startedAt, endedAt: performance.now(), timeoutMs });
      connections.end(exchange, reusable);
      if (result instanceof LocalFault) reject(result);
      else resolve(result);
    };
    const exchange: Exchange = {
      origin: url.origin,
      identity: identityOf(request.access),
      request: { method, path: requestTarget(url), host: url.host, headers, body },
      received: nothingReceived(),
      isTooLate,
      ended: settle,
      line: null,
      onLine: request.onLine,
      lost: null,
    };
    const onAbort = () => settle(new LocalFault('aborted', 'the attempt was given up', signal?.reason), false);
    // If this process stood still, what came meanwhile is to be read first.
    const deadline = setTimeout(() => setImmediate(() => settle(pastDeadline(exchange), false)), timeoutMs);
    signal?.addEventListener('abort', onAbort);
    if (signal?.aborted) onAbort();
    else if (isTooLate()) settle(tooLate(), false);
    else connections.begin(exchange);
  });
}
