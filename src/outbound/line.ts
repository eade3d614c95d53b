// A line carries exchanges on one connection, one after the other. It opens the connection, writes
// the request and checks what arrives. If a kept-alive connection closes before one byte of a
// response, the request is sent once more, at once, on a new connection.
import type { Socket } from 'node:net';
import type { TlsIdentity } from './access.ts';
import type { Connect } from './connection.ts';
import type { Connection } from './connection-facts.ts';
import { exchangeOn, type HttpRequest, tooLarge } from './http1.ts';
import { tooLate } from './local-fault.ts';
import { type Received, receiveWire } from './receive.ts';

/** One request, the part of its response that has arrived, and the callback for its end. */
export interface Exchange {
  origin: string;
  /** Null: no client certificate and default authorities. */
  identity: TlsIdentity | null;
  request: HttpRequest;
  received: Received;
  /** Called right before the request is written. If true, the request is not sent. */
  isTooLate: () => boolean;
  /** `error` is null when the response is complete. */
  ended: (error: Error | null, reusable: boolean) => void;
  /** Null while the exchange is queued for a connection. */
  line: Line | null;
  /** Called when the exchange gets a line. */
  onLine?: (() => void) | undefined;
  /**
   * The error of the kept-alive connection on which the request was sent first. Null: the request was sent once at
   * most.
   */
  lost: Error | null;
}

/** One slot for a connection to an origin, and the connection in it. */
export interface Line {
  origin: Origin;
  exchange: Exchange | null;
  connection: Connection | null;
  /** The exchange for which the connection was opened. Only that attempt records its DNS, connect and TLS times. */
  openedFor: Exchange | null;
  /** Requests written on this connection so far. */
  requests: number;
  /** The response being read. Null: the endpoint may send nothing now, and unexpected bytes close the connection. */
  reading: Received | null;
  idleTimer: NodeJS.Timeout | undefined;
}

export interface Origin {
  /** Name and TLS identity: a connection made with one certificate never carries a request of another. */
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
  /** Called when the connection of an idle line has closed. */
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
    // first lets the event loop read what arrived on the kept-alive connection: its end, or unexpected bytes
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
    const onReading = () => void (line.requests === 1 && socket.prependListener('data', (chunk: Buffer) => onBytes(line, socket, chunk)));
    exchangeOn(socket, exchange.request, exchange.received, (error, reusable) => over(line, exchange, error, reusable), onReading);
  }

  function onBytes(line: Line, socket: Socket, chunk: Buffer): void {
    const { exchange, reading } = line;
    if (!reading) return void socket.destroy();
    if (receiveWire(reading, chunk)) return;
    if (exchange) over(line, exchange, tooLarge('the response is too large and was not read to its end'), false);
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
