// From how an exchange ended to what is recorded of the attempt, or to the fault of our own that it was.
import { type Outcome, outcomeOfStatus, retryAfterMs, type SendResult, type Timings } from '#domain/outcome';
import { failureOf } from './failure.ts';
import type { Exchange } from './line.ts';
import { LocalFault } from './local-fault.ts';
import { messageOf } from './message.ts';
import { responseOf } from './receive.ts';

interface Ended {
  exchange: Exchange;
  /** Null: the response is whole. */
  error: Error | null;
  host: string;
  /** By `performance.now()`. */
  startedAt: number;
  endedAt: number;
  timeoutMs: number;
}

/** The status of a response decides, also when the rest of it is broken or missing: the endpoint has processed the request. */
export function resultOf({ exchange, error: last, host, startedAt, endedAt, timeoutMs }: Ended): SendResult | LocalFault {
  const error = finalError(exchange, last);
  if (error instanceof LocalFault) return error;
  const response = responseOf(exchange.received, error === null);
  const failure = error && failureOf(error);
  if (error && !failure && !response) return new LocalFault('unknown', `cannot send to ${host}: ${error.message}`, error);
  const outcome: Outcome = response ? outcomeOfStatus(response.statusCode) : (failure?.refusal ?? 'protocol');
  const timings = timingsOf(exchange, startedAt, endedAt);
  const address = exchange.line?.connection?.address ?? null;
  const reconnected = exchange.lost !== null;
  const message = messageOf({
    outcome,
    host,
    response,
    hasHeaders: exchange.received.head !== null,
    address,
    totalMs: timings.totalMs,
    timeoutMs,
    error,
    code: failure?.code ?? '',
    reconnected,
  });
  const asked = response?.headers.find(([name]) => name.toLowerCase() === 'retry-after')?.[1];
  const retryAfter = retryAfterMs(response?.statusCode ?? 0, asked, Date.now());
  return { outcome, message, response, timings, address, retryAfterMs: retryAfter, ...(reconnected && { reconnected }) };
}

/** A request that was written once has reached the endpoint, perhaps: what keeps us from repeating it does not undo that. */
function finalError({ lost }: Exchange, error: Error | null): Error | null {
  return lost && error instanceof LocalFault && error.code !== 'aborted' ? lost : error;
}

/** Of a request that was not made, because of where its URL leads. */
export function blockedResult(reason: string): SendResult {
  const timings: Timings = { dnsMs: null, connectMs: null, tlsMs: null, firstByteMs: null, totalMs: 0 };
  const message = `not sent: ${reason}`;
  return { outcome: 'address_blocked', message, response: null, timings, address: null, retryAfterMs: null };
}

function timingsOf(exchange: Exchange, startedAt: number, endedAt: number): Timings {
  const { line, received } = exchange;
  const opened = line && line.openedFor === exchange ? line.connection : null;
  return {
    dnsMs: opened?.dnsMs ?? null,
    connectMs: opened?.connectMs ?? null,
    tlsMs: opened?.tlsMs ?? null,
    firstByteMs: received.head && received.head.at - startedAt,
    totalMs: endedAt - startedAt,
  };
}

/** An endpoint that was not even asked, for want of a connection of ours, did not fail to answer. */
export function pastDeadline(exchange: Exchange): Error {
  if (exchange.line === null) return new LocalFault('no_connection_free', `no connection to ${exchange.origin} became free in time`);
  if (exchange.line.connection?.atProxy) return new LocalFault('proxy', 'the egress proxy does not answer');
  return Object.assign(new Error('the deadline passed'), { code: 'POSTHORN_DEADLINE' });
}
