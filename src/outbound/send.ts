// Sends one HTTP request to an endpoint and returns its result. Every failure of the endpoint is a
// result; internal errors are thrown as LocalFault.
import type { SendResult } from '#domain/deliveries/outcome';
import { requestTarget } from '#domain/endpoints/request-target';
import { type Access, identityOf } from './access.ts';
import type { AddressGuard } from './address-guard.ts';
import { createConnect } from './connection.ts';
import { Connections } from './connections.ts';
import type { Exchange } from './line.ts';
import { LocalFault, tooLate } from './local-fault.ts';
import { ownHeaders } from './own-headers.ts';
import type { EgressProxy } from './proxy.ts';
import { nothingReceived } from './receive.ts';
import { blockedResult, pastDeadline, resultOf } from './result.ts';

const longestIdleMs = 30_000;
/** A connection is replaced after this many requests, so that it follows DNS changes. */
const requestsPerConnection = 1_000;

export interface SendRequest {
  url: string;
  /** Whose request it is. Only requests to `posthorn listen` need it. */
  endpointId?: string | undefined;
  /** POST by default. */
  method?: 'OPTIONS' | undefined;
  /** The caller checks them. Headers of the connection itself are refused here too. */
  headers: Record<string, string>;
  /** Sent unchanged. */
  body: Uint8Array;
  access?: Access | undefined;
  /** Covers everything: DNS, connect, TLS, headers and body. */
  timeoutMs: number;
  /** Called right before the request is written. If true, nothing is sent and LocalFault `too_late` is thrown. */
  isTooLate?: (() => boolean) | undefined;
  /** Called when the request has a connection slot and is no longer queued. */
  onLine?: (() => void) | undefined;
  /** Aborts the attempt. The endpoint may have received the request nevertheless. */
  signal?: AbortSignal | undefined;
}

export interface Sender {
  userAgent: string;
  /** Throws only `LocalFault`. */
  send(request: SendRequest): Promise<SendResult>;
  /** Ends the requests in flight with the LocalFault `aborted`. An endpoint may have received its request nevertheless. */
  cut(): void;
  /** Refuses new requests, waits for those in flight (each has its own timeout), then closes every connection. */
  close(): Promise<void>;
}

export interface SenderOptions {
  guard: AddressGuard;
  userAgent: string;
  maxConnectionsPerOrigin?: number;
  /** Over all origins. */
  maxIdleConnections?: number;
  /** How long an idle connection stays open when the endpoint sends no `Keep-Alive: timeout`. */
  keepAliveMs?: number;
  /** PEM certificates to trust instead of Node's default authorities. */
  ca?: string | string[] | undefined;
  proxy?: EgressProxy | undefined;
}

export function createSender(options: SenderOptions): Sender {
  const { guard, userAgent, maxConnectionsPerOrigin = 32, maxIdleConnections = 512, keepAliveMs = 4_000, ca, proxy } = options;
  const connections = new Connections({
    connect: createConnect({ guard, ca, proxy }),
    maxPerOrigin: maxConnectionsPerOrigin,
    maxIdle: maxIdleConnections,
    keepAliveMs,
    maxKeepAliveMs: Math.max(longestIdleMs, keepAliveMs),
    requestsPerConnection,
  });
  const inFlight = new Set<Promise<SendResult>>();
  const cuts = new Set<() => void>();
  let closed = false;

  return {
    userAgent,
    async send(request) {
      if (closed) throw new LocalFault('closed', 'the sender is closed');
      const verdict = guard.checkUrl(request.url);
      if (!verdict.ok) return blockedResult(verdict.reason);
      const attempt = post(request, verdict.url, userAgent, connections, cuts);
      inFlight.add(attempt);
      return attempt.finally(() => inFlight.delete(attempt));
    },
    cut() {
      for (const cut of cuts) cut();
    },
    async close() {
      closed = true;
      await Promise.allSettled(inFlight);
      await connections.close();
    },
  };
}

/** `cuts`: it adds how to end it while it is in flight. */
function post(request: SendRequest, url: URL, userAgent: string, connections: Connections, cuts: Set<() => void>): Promise<SendResult> {
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
      cuts.delete(cut);
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
    const onAbort = () => settle(new LocalFault('aborted', 'the attempt was aborted', signal?.reason), false);
    const cut = () => settle(new LocalFault('aborted', 'this process stops, and its time for requests in flight is over'), false);
    cuts.add(cut);
    // after a stall of this process, the event loop reads what has arrived before the deadline counts
    const deadline = setTimeout(() => setImmediate(() => settle(pastDeadline(exchange), false)), timeoutMs);
    signal?.addEventListener('abort', onAbort);
    if (signal?.aborted) onAbort();
    else if (isTooLate()) settle(tooLate(), false);
    else connections.begin(exchange);
  });
}
