// A line carries exchanges on one connection, one after the other: it opens the connection, writes a request on it, and watches what arrives.
// When a kept connection closes under a request before a byte of an answer, the request is sent once more, at once, on a new connection.
import type { Socket } from 'node:net';
import type { TlsIdentity } from './access.ts';
import type { Connect } from './connection.ts';
import type { Connection } from './connection-facts.ts';
import { exchangeOn, type HttpRequest, tooLarge } from './http1.ts';
import { tooLate } from './local-fault.ts';
import { type Received, receiveWire } from './receive.ts';

/** One request, what has arrived of its response, and who hears of its end. */
export interface Exchange {
  origin: string;
  /** What TLS shows itself as; null: as nobody. */
  identity: TlsIdentity | null;
  request: HttpRequest;
  received: Received;
  /** Asked right before the request is written. */
  isTooLate: () => boolean;
  /** Without an error when the response is whole. */
  ended: (error: Error | null, reusable: boolean) => void;
  /** The line it was given; null while it waits for one. */
  line: Line | null;
  /** It was given one. */
  onLine?: (() => void) | undefined;
  /** How the kept connection failed on which it was sent first; null: it was sent once at most. */
  lost: Error | null;
}

/** A place for a connection, and the connection it has. */
export interface Line {
  origin: Origin;
  exchange: Exchange | null;
  connection: Connection | null;
  /** The exchange for which the connection was opened: its DNS, connect and TLS times are of that attempt only. */
  openedFor: Exchange | null;
  /** Requests written on it. */
  requests: number;
  /** Of the response that is being read; null: nothing may arrive now. */
  reading: Received | null;
  idleTimer: NodeJS.Timeout | undefined;
}

export interface Origin {
  /** Its name, and the identity where there is one: what was let in with one certificate carries nothing of another. */
  key: string;
  name: string;
  identity: TlsIdentity | null;
  lines: Set<Line>;
  idle: Line[];
  waiting: Exchange[];
}

interface CarrierOptions {
  connect: Connect;
  requestsPerConnection: number;
  /** The connection of an idle line is gone. */
  idleLost: (line: Line) => void;
  /** Closes this line and carries the exchange on a new one. */
  repeat: (line: Line, exchange: Exchange) => void;
}

export type Carry = (line: Line, exchange: Exchange) => void;

export function createCarrier({ connect, requestsPerConnection, idleLost, repeat }: CarrierOptions): Carry {
  function carry(line: Line, exchange: Exchange): void {
    line.exchange = exchange;
    exchange.line = line;
    exchange.onLine?.();
    // the event loop first reads what arrived on a kept connection: its end, or bytes that nobody asked for
    if (line.connection) setImmediate(() => write(line, exchange));
    else open(line, exchange);
  }

  function open(line: Line, exchange: Exchange): void {
    line.openedFor = exchange;
    line.requests = 0;
    line.connection = connect(exchange.origin, exchange.identity, (error, socket) => {
      if (line.exchange !== exchange) return void socket?.destroy();
      if (!socket) return exchange.ended(error, false);
      socket.on('end', () => lost(line, socket)).on('close', () => lost(line, socket));
      write(line, exchange);
    });
  }

  function write(line: Line, exchange: Exchange): void {
    const socket = line.connection?.socket;
    if (line.exchange !== exchange || !socket) return;
    if (isOver(socket)) open(line, exchange);
    else if (exchange.isTooLate()) exchange.ended(tooLate(), false);
    else exchangeHttp(line, exchange, socket);
  }

  function exchangeHttp(line: Line, exchange: Exchange, socket: Socket): void {
    line.requests++;
    line.reading = exchange.received;
    const onReading = () => void (line.requests === 1 && socket.prependListener('data', (chunk: Buffer) => hear(line, socket, chunk)));
    exchangeOn(socket, exchange.request, exchange.received, (error, reusable) => over(line, exchange, error, reusable), onReading);
  }

  function hear(line: Line, socket: Socket, chunk: Buffer): void {
    const { exchange, reading } = line;
    if (!reading) return void socket.destroy();
    if (receiveWire(reading, chunk)) return;
    if (exchange) over(line, exchange, tooLarge('it is larger than an answer may be'), false);
  }

  function over(line: Line, exchange: Exchange, error: Error | null, reusable: boolean): void {
    if (line.exchange !== exchange || !line.reading) return;
    line.reading = null;
    const isRepeatable = line.requests > 1 && exchange.received.wireBytes === 0 && exchange.lost === null && isLoss(error);
    if (isRepeatable && !exchange.isTooLate()) {
      exchange.lost = error;
      repeat(line, exchange);
    } else exchange.ended(error, reusable && line.requests < requestsPerConnection);
  }

  function lost(line: Line, socket: Socket): void {
    if (line.exchange === null && line.connection?.socket === socket) idleLost(line);
  }

  return carry;
}

export function newLine(origin: Origin): Line {
  const line: Line = { origin, exchange: null, connection: null, openedFor: null, requests: 0, reading: null, idleTimer: undefined };
  origin.lines.add(line);
  return line;
}

function isOver(socket: Socket): boolean {
  return socket.destroyed || socket.readableEnded || !socket.writable;
}

function isLoss(error: Error | null): boolean {
  return error !== null && 'code' in error && (error.code === 'ECONNRESET' || error.code === 'EPIPE');
}
