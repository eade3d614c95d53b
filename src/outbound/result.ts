// Turns the end of an exchange into the result that is recorded for the attempt, or into a
// LocalFault for an internal error.
import { type Outcome, outcomeOfStatus, retryAfterMs, type SendResult, type Timings } from '#domain/deliveries/outcome';
import { failureOf } from './failure.ts';
import type { Exchange } from './line.ts';
import { LocalFault } from './local-fault.ts';
import { messageOf } from './message.ts';
import { responseOf } from './receive.ts';

interface Ended {
  exchange: Exchange;
  /** Null: the response is complete. */
  error: Error | null;
  host: string;
  /** On the clock of `performance.now()`, in milliseconds. */
  startedAt: number;
  endedAt: number;
  timeoutMs: number;
}

/**
 * A complete status line decides the outcome, even if the rest of the response is broken: the endpoint has processed
 * the request.
 */
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
  const retryAfterHeader = response?.headers.find(([name]) => name.toLowerCase() === 'retry-after')?.[1];
  const retryAfter = retryAfterMs(response?.statusCode ?? 0, retryAfterHeader, Date.now());
  return { outcome, message, response, timings, address, retryAfterMs: retryAfter, ...(reconnected && { reconnected }) };
}

/**
 * A request that was written once may have reached the endpoint. An internal error while repeating it must not hide
 * that.
 */
function finalError({ lost }: Exchange, error: Error | null): Error | null {
  return lost && error instanceof LocalFault && error.code !== 'aborted' ? lost : error;
}

/** The result of a request that was not sent because the address guard refused its URL. */
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

/**
 * The error for a passed deadline. It is internal if no connection became free or the proxy was not reached, because
 * nothing was sent.
 */
export function pastDeadline(exchange: Exchange): Error {
  if (exchange.line === null)
    return new LocalFault('no_connection_free', `no connection to ${exchange.origin} became free before the deadline`);
  if (exchange.line.connection?.atProxy) return new LocalFault('proxy', 'the egress proxy does not respond');
  return Object.assign(new Error('the deadline passed'), { code: 'POSTHORN_DEADLINE' });
}
