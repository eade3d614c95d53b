// A gRPC proxy in front of a Temporal server. It refuses chosen calls as a real server would, with a status and a
// message, and passes the others on.
import {
  type ClientHttp2Session,
  type ClientHttp2Stream,
  connect,
  createSecureServer,
  createServer,
  type IncomingHttpHeaders,
  type ServerHttp2Stream,
} from 'node:http2';
import type { AddressInfo } from 'node:net';
import { TLSSocket } from 'node:tls';

export interface Refusal {
  /** The gRPC status code, such as 7 (permission denied) or 16 (unauthenticated). */
  code: number;
  message: string;
}

/**
 * `method` such as `WorkflowService/StartWorkflowExecution`. `client`: the common name of the client's certificate. Null:
 * the call is passed on.
 */
export type Rule = (method: string, headers: IncomingHttpHeaders, client: string) => Refusal | null;

export interface TemporalProxy {
  /** host:port */
  address: string;
  /** Applies to calls that arrive from now on. */
  refuse(rule: Rule): void;
  /** How many calls of this method arrived, refused or not. */
  calls(method: string): number;
  close(): Promise<void>;
}

/** `tls`: what its clients need; without it, no TLS. */
export async function startTemporalProxy(upstreamAddress: string, tls?: { ca: string; cert: string; key: string }): Promise<TemporalProxy> {
  const upstream = connect(`http://${upstreamAddress}`);
  upstream.on('error', () => undefined);
  const counts = new Map<string, number>();
  let rule: Rule = () => null;
  const server = tls ? createSecureServer({ ...tls, requestCert: true }) : createServer();
  const sessions = new Set<{ destroy(): void }>();
  server.on('session', (session) => {
    sessions.add(session);
    session.on('error', () => undefined).once('close', () => sessions.delete(session));
  });
  server.on('stream', (stream, headers) => {
    stream.on('error', () => undefined);
    const method = String(headers[':path']).split('/').slice(-2).join('/').replace(/^.*\./, '');
    counts.set(method, (counts.get(method) ?? 0) + 1);
    const refusal = rule(method, headers, clientOf(stream));
    if (refusal) refuse(stream, refusal);
    else passOn(upstream, stream, headers);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    address: `127.0.0.1:${(server.address() as AddressInfo).port}`,
    refuse(next) {
      rule = next;
    },
    calls: (method) => counts.get(method) ?? 0,
    async close() {
      for (const session of sessions) session.destroy();
      upstream.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

function clientOf({ session }: ServerHttp2Stream): string {
  return session?.socket instanceof TLSSocket ? String(session.socket.getPeerCertificate().subject?.CN) : '';
}

function refuse(stream: ServerHttp2Stream, { code, message }: Refusal): void {
  const status = { 'grpc-status': String(code), 'grpc-message': encodeURIComponent(message) };
  stream.respond({ ':status': 200, 'content-type': 'application/grpc', ...status }, { endStream: true });
  stream.resume();
}

function passOn(upstream: ClientHttp2Session, stream: ServerHttp2Stream, headers: IncomingHttpHeaders): void {
  const call: ClientHttp2Stream = upstream.request(headers);
  let trailers: IncomingHttpHeaders = {};
  call.on('error', () => stream.destroy());
  call.on('response', (response, flags) => {
    if (stream.destroyed) return;
    // a call that failed has its status in the headers, and no body
    const endStream = (flags & 1) === 1;
    stream.respond(response, { endStream, waitForTrailers: !endStream });
    if (!endStream) call.pipe(stream);
  });
  call.on('trailers', (last) => {
    trailers = last;
  });
  stream.on('wantTrailers', () => stream.sendTrailers(trailers));
  stream.pipe(call);
  stream.on('close', () => call.close());
}
