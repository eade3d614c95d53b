// The handlers of the frameworks, on real servers: the raw body, what was parsed before, and what is refused before the
// signature is looked at.
import { createServer, request as httpRequest } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Readable } from 'node:stream';
import express from 'express';
import fastify from 'fastify';
import { Hono } from 'hono';
import { afterEach, describe, expect, it } from 'vitest';
import { createReceiver, expressReceiver, fetchReceiver, type ReceiverOptions } from '#receiver';
import { fastifyReceiver } from '#receiver/handlers/fastify';
import { honoReceiver } from '#receiver/handlers/hono';
import { nextPagesReceiver, nextReceiver } from '#receiver/handlers/next';
import { memoryInbox } from '#receiver/inbox/memory';
import { secret, signedRequest } from './signed.ts';

type Line = Record<string, unknown> & { level: string; msg: string };

const closes: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const close of closes.splice(0)) await close();
});

/** A receiver that has handled what `handled` says when `settle` resolves, and its log. */
function receiverWith(options: Partial<ReceiverOptions> = {}) {
  const lines: Line[] = [];
  const handled: { id: string; type: string; data: unknown }[] = [];
  const write = (level: string) => (fields: object, msg: string) => void lines.push({ level, msg, ...fields });
  const log = { info: write('info'), warn: write('warn'), error: write('error') };
  const receiver = createReceiver({ secrets: secret, inbox: memoryInbox(), log, ...options }).on(
    '*',
    ({ id, type, data }) => void handled.push({ id, type, data }),
  );
  return { receiver, lines, handled, last: () => lines.filter(({ msg }) => /received|rejected/.test(msg)).at(-1) };
}

async function listening(server: {
  listen(port: number, host: string, done: () => void): unknown;
  address(): unknown;
  close(done: () => void): unknown;
}) {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  closes.push(() => new Promise<void>((resolve) => server.close(resolve)));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

/** `url`: of those with a server. */
type Post = ((request: ReturnType<typeof signedRequest>) => Promise<Response>) & { url?: string };
type Made = ReturnType<typeof receiverWith>['receiver'];

const viaHttp = (origin: string): Post => {
  const url = `${origin}/hook`;
  return Object.assign(({ method, headers, body }: ReturnType<typeof signedRequest>) => fetch(url, { method, headers, body }), { url });
};

/** The answer to a request that has sent `bytes` and never ends. */
function unended(url: string, bytes: number): Promise<{ status: number | undefined; connection: string | undefined }> {
  return new Promise((resolve, reject) => {
    const sent = httpRequest(url, { method: 'POST', headers: { 'content-type': 'application/json' } }, ({ statusCode, headers }) => {
      resolve({ status: statusCode, connection: headers.connection });
      sent.destroy();
    });
    sent.on('error', reject).write('x'.repeat(bytes));
  });
}

/** Each as its users write it. `isParsed`: something reads the body before. */
const frameworks: Record<string, (receiver: Made, isParsed: boolean) => Promise<Post>> = {
  Express: async (receiver, isParsed) => {
    const app = express();
    if (isParsed) app.use(express.json());
    app.post('/hook', expressReceiver(receiver));
    return viaHttp(await listening(createServer(app)));
  },
  'node:http': async (receiver, isParsed) => {
    const handler = expressReceiver(receiver);
    const server = createServer(async (request, response) => {
      if (isParsed) await request.toArray();
      await handler(request, response);
    });
    return viaHttp(await listening(server));
  },
  Fastify: async (receiver, isParsed) => {
    const app = fastify();
    // biome-ignore lint/nursery/noMisusedPromises: Fastify takes it
    app.register(async (scope) => {
      if (isParsed)
        scope.addHook('preValidation', async (request) => {
          const read = Buffer.concat(await (request.body as Readable).toArray());
          Object.assign(request, { body: JSON.parse(read.toString()) });
        });
      scope.register(fastifyReceiver(receiver), { prefix: '/hook' });
    });
    await app.listen({ port: 0, host: '127.0.0.1' });
    closes.push(() => app.close());
    return viaHttp(`http://127.0.0.1:${(app.server.address() as AddressInfo).port}`);
  },
  fetch: async (receiver, isParsed) => {
    const handler = fetchReceiver(receiver);
    return async ({ method, headers, body }) => {
      const request = new Request('http://localhost/hook', { method, headers, body });
      if (isParsed) await request.json();
      return handler(request);
    };
  },
  Hono: async (receiver, isParsed) => {
    const app = new Hono();
    if (isParsed)
      app.use(async (context, next) => {
        await context.req.json();
        await next();
      });
    app.post('/hook', honoReceiver(receiver));
    return async ({ method, headers, body }) => app.request('/hook', { method, headers, body });
  },
  'Next.js, App Router': async (receiver, isParsed) => {
    const POST = nextReceiver(receiver);
    return async ({ method, headers, body }) => {
      const request = new Request('http://localhost/hook', { method, headers, body });
      if (isParsed) await request.text();
      return POST(request);
    };
  },
  'Next.js, Pages Router': async (receiver, isParsed) => {
    const handler = nextPagesReceiver(receiver);
    const server = createServer(async (request, response) => {
      if (isParsed) Object.assign(request, { body: JSON.parse(Buffer.concat(await request.toArray()).toString()) });
      await handler(request, response);
    });
    return viaHttp(await listening(server));
  },
};

/** What the message must name for each. */
const wayOut: Record<string, RegExp> = {
  Express:
    /app\.use\(express\.json\(\)\), middleware 1 of the application, has read the body.*Register app\.post\("\/hooks", expressReceiver\(receiver\)\) first, and app\.use\(express\.json\(\)\) after it/,
  'node:http': /body parser such as express\.json\(\)/,
  Fastify: /Fastify has parsed the body.*preValidation/,
  fetch: /before request\.json\(\)/,
  Hono: /before that app\.use/,
  'Next.js, App Router': /without await request\.json\(\)/,
  'Next.js, Pages Router': /export const config = \{ api: \{ bodyParser: false \} \}/,
};

describe.each(Object.entries(frameworks))('%s', (name, open) => {
  it('verifies the bytes as they came, answers 202, and handles the event once', async () => {
    const { receiver, handled, last } = receiverWith();
    const post = await open(receiver, false);
    const body =
      '{ "type":"order.created",\n"timestamp":"2026-01-01T00:00:00Z","data":{"total":12.50,"big":12345678901234567890,"é":"\\u00e9"}}';
    const response = await post(signedRequest({ body }));
    expect([response.status, response.headers.get('posthorn-receipt')]).toEqual([202, 'new']);
    expect(await response.json()).toEqual({ accepted: 1, duplicates: 0, revived: 0 });
    expect(await (await post(signedRequest({ body }))).json()).toMatchObject({ accepted: 0, duplicates: 1 });
    expect(await receiver.drain()).toBe(1);
    expect(handled).toEqual([{ id: 'evt_1', type: 'order.created', data: { total: 12.5, big: Number('12345678901234567890'), é: 'é' } }]);
    expect(last()).toMatchObject({
      level: 'info',
      msg: 'webhook.received',
      id: 'evt_1',
      type: 'order.created',
      delivery: 'dlv_1',
      bytes: Buffer.byteLength(body),
    });
  });

  it('says which middleware to move when the body was parsed before, and lets Posthorn try again', async () => {
    const { receiver, lines } = receiverWith();
    const response = await (await open(receiver, true))(signedRequest());
    expect(response.status).toBe(500);
    expect(await response.json()).toMatchObject({ error: 'parsed_body', message: expect.stringMatching(wayOut[name] as RegExp) });
    expect(lines.at(-1)).toMatchObject({ level: 'error', msg: 'webhook.rejected', reason: 'parsed_body', id: 'evt_1' });
  });

  it('refuses a body that is too large, and a wrong signature', async () => {
    const { receiver, last } = receiverWith({ maxBodyBytes: 1_000 });
    const post = await open(receiver, false);
    const large = await post(signedRequest({ data: 'x'.repeat(2_000), by: `whsec_${Buffer.alloc(32).toString('base64')}` }));
    expect([large.status, last()]).toEqual([413, expect.objectContaining({ reason: 'body_too_large', status: 413 })]);
    const forged = await post({ ...signedRequest(), body: '{}' });
    expect([forged.status, last()]).toEqual([401, expect.objectContaining({ level: 'warn', reason: 'no_match' })]);
  });
});

it.each(['Express', 'node:http', 'Fastify', 'Next.js, Pages Router'])('%s: reads no more than it must before it refuses', async (name) => {
  const limited = receiverWith({ maxBodyBytes: 1_000 });
  const open = frameworks[name] as (typeof frameworks)[string];
  const { url = '' } = await open(limited.receiver, false);
  expect(await unended(url, 1_001)).toEqual({ status: 413, connection: 'close' });
  const closed = receiverWith({ allowFrom: ['192.0.2.1'] });
  const { url: other = '' } = await open(closed.receiver, false);
  expect(await unended(other, 1)).toEqual({ status: 403, connection: 'close' });
});

it('Fastify: says when a hook has read the body and left it', async () => {
  const { receiver, last } = receiverWith();
  const app = fastify();
  // biome-ignore lint/nursery/noMisusedPromises: Fastify takes it
  app.register(async (scope) => {
    scope.addHook('preValidation', async (request) => void (await (request.body as Readable).toArray()));
    scope.register(fastifyReceiver(receiver));
  });
  closes.push(() => app.close());
  const { headers, body } = signedRequest();
  expect((await app.inject({ method: 'POST', url: '/', headers, payload: body })).statusCode).toBe(500);
  expect(last()).toMatchObject({ reason: 'parsed_body' });
});

it('Express: takes the bytes that express.raw or a `verify` hook has kept', async () => {
  const { receiver } = receiverWith();
  const app = express();
  app.use('/raw', express.raw({ type: '*/*' }), expressReceiver(receiver));
  app.use('/text', express.text({ type: '*/*' }), expressReceiver(receiver));
  const keep = (request: object, _response: unknown, rawBody: Buffer) => void Object.assign(request, { rawBody });
  app.use('/kept', express.json({ verify: keep }), expressReceiver(receiver));
  const url = await listening(createServer(app));
  for (const path of ['raw', 'text', 'kept']) {
    const { headers, body } = signedRequest({ id: `evt_${path}`, data: 'é' });
    expect((await fetch(`${url}/${path}`, { method: 'POST', headers, body })).status).toBe(202);
  }
});
