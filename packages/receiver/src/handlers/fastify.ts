// The entry `@posthorn/receiver/fastify`: a plugin. It is encapsulated, so its content type parser, which leaves the body unread, is that of
// its own routes only.
import { Readable } from 'node:stream';
import { ParsedBodyError } from '../verify/errors.ts';
import type { AnyReceiver } from './fetch-request.ts';
import { discardRest, readBody } from './node-body.ts';
import type { NodeRequest } from './node-types.ts';

interface FastifyRequest {
  method: string;
  headers: Record<string, string | string[] | undefined>;
  body: unknown;
  raw: NodeRequest;
  socket: { remoteAddress?: string | undefined };
}

interface FastifyReply {
  code(status: number): FastifyReply;
  headers(headers: Record<string, string>): FastifyReply;
  send(body: string): unknown;
}

interface Fastify {
  removeAllContentTypeParsers(): void;
  // biome-ignore lint/suspicious/noExplicitAny: its overloads are not repeated here
  addContentTypeParser(...given: any[]): unknown;
  // biome-ignore lint/suspicious/noExplicitAny: as above
  post(...given: any[]): unknown;
}

export interface FastifyOptions {
  /** Default: `/`, below the plugin's `prefix`. */
  path?: string;
}

/** @example app.register(fastifyReceiver(receiver), { prefix: '/hooks' }) */
export function fastifyReceiver(receiver: AnyReceiver, { path = '/' }: FastifyOptions = {}): (app: Fastify) => Promise<void> {
  return async (app) => {
    app.removeAllContentTypeParsers();
    app.addContentTypeParser('*', (_request: unknown, body: unknown, done: (error: null, body: unknown) => void) => done(null, body));
    app.post(path, async ({ method, headers, body, socket, raw }: FastifyRequest, reply: FastifyReply) => {
      const answer = await receiver.receive({
        ...{ method, headers, address: socket.remoteAddress },
        body: async (mostBytes) => rawBodyOf(body, raw, mostBytes),
      });
      return reply
        .code(answer.status)
        .headers({ ...answer.headers, ...discardRest(raw) })
        .send(answer.body);
    });
  };
}

function rawBodyOf(body: unknown, { headers }: NodeRequest, mostBytes: number): Uint8Array | Promise<Uint8Array> {
  if (body instanceof Uint8Array) return body;
  if (body === undefined || body === null) return new Uint8Array();
  if (body instanceof Readable && !body.readableDidRead) return readBody(body, headers['content-length'], mostBytes);
  throw new ParsedBodyError(
    'Fastify has parsed the body before fastifyReceiver saw it',
    'Register the plugin as it is, app.register(fastifyReceiver(receiver), { prefix }), not wrapped with fastify-plugin, and no hook preValidation that replaces request.body.',
  );
}
