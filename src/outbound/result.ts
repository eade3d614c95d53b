// From how an exchange ended to what is recorded of the attempt, or to the fault of our own that it was.
import { type Outcome, outcomeOfStatus, retryAfterMs, type SendResult, type Timings } from '../domain/outcome.ts';
import type { Exchange } from './connections.ts';
import { failureOf } from './failure.ts';
import { LocalFault } from './local-fault.ts';
import { messageOf } from './message.ts';
import { type Received, responseOf } from './receive.ts';

interface Ended {
  exchange: Exchange;
  received: Received;
  /** Null: the response is whole. */
  error: Error | null;
  host: string;
  /** By `performance.now()`. */
  startedAt: number;
  endedAt: number;
  timeoutMs: number;
}

export function resultOf({ exchange, received, error, host, startedAt, endedAt, timeoutMs }: Ended): SendResult | LocalFault {
  if (error instanceof LocalFault) return error;
  const connection = exchange.line?.connection ?? null;
  const failure = error && failureOf(error, connection?.socket ?? null);
  if (error && !failure) return new LocalFault('unknown', `cannot send to ${host}: ${error.message}`, error);
  const response = responseOf(received);
  const outcome: Outcome = failure?.refusal ?? outcomeOfStatus(response?.statusCode ?? 0);
  const timings = timingsOf(exchange, received, startedAt, endedAt);
  const address = connection?.address ?? null;
  const message = messageOf({
    outcome,
    host,
    response,
    address,
    totalMs: timings.totalMs,
    timeoutMs,
    code: failure?.code ?? '',
    detail: error?.message ?? '',
  });
  const asked = response?.headers.find(([name]) => name.toLowerCase() === 'retry-after')?.[1];
  return { outcome, message, response, timings, address, retryAfterMs: retryAfterMs(response?.statusCode ?? 0, asked, Date.now()) };
}

/** Of a request that was not made, because of where its URL leads. */
export function blockedResult(reason: string): SendResult {
  const timings: Timings = { dnsMs: null, connectMs: null, tlsMs: null, firstByteMs: null, totalMs: 0 };
  return { outcome: 'address_blocked', message: `not sent: ${reason}`, response: null, timings, address: null, retryAfterMs: null };
}

function timingsOf(exchange: Exchange, { head }: Received, startedAt: number, endedAt: number): Timings {
  const { line } = exchange;
  const opened = line && line.openedFor === exchange ? line.connection : null;
  return {
    dnsMs: opened?.dnsMs ?? null,
    connectMs: opened?.connectMs ?? null,
    tlsMs: opened?.tlsMs ?? null,
    firstByteMs: head && head.at - startedAt,
    totalMs: endedAt - startedAt,
  };
}

/** An endpoint that was not even asked, for want of a connection of ours, did not fail to answer. */
export function pastDeadline(exchange: Exchange): Error {
  if (exchange.line === null) return new LocalFault('no_connection_free', `no connection to ${exchange.origin} became free in time`);
  if (exchange.line.connection?.atProxy) return new LocalFault('proxy', 'the egress proxy does not answer');
  return Object.assign(new Error('the deadline passed'), { code: 'POSTHORN_DEADLINE' });
}
