// Attacks without a key: requests that two servers would parse differently, and clients that never
// finish.
import { connect, type Socket } from 'node:net';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { createApp } from '#api/app';
import { type Listening, listen } from '#app/listening';
import { until } from '../../support/until.ts';
import { type ApiServer, apiKey, startApi } from '../api-server.ts';

let api: ApiServer;
let listening: Listening;
let impatient: Listening;

beforeAll(async () => {
  api = await startApi({ logLevel: 'debug' });
  await api.makeTenant('acme');
  const app = createApp(api.deps);
  listening = await listen('127.0.0.1', 0, undefined);
  impatient = await listen('127.0.0.1', 0, undefined, 'PORT', { headersMs: 150, requestMs: 300, silenceMs: 600, checkEveryMs: 50 });
  for (const { serve } of [listening, impatient]) serve(app);
});
afterAll(async () => {
  await Promise.all([listening.close(), impatient.close()]);
  await api.close();
});

function open({ origin }: Listening): Socket {
  const socket = connect(Number(new URL(origin).port), '127.0.0.1');
  socket.on('error', () => undefined);
  onTestFinished(() => void socket.destroy());
  return socket;
}

/** Everything the server sends until it closes the connection. */
function untilClosed(socket: Socket): Promise<string> {
  let text = '';
  socket.on('data', (chunk) => {
    text += chunk.toString('latin1');
  });
  return new Promise((resolve) => socket.once('close', () => resolve(text)));
}

const statuses = (text: string) => [...text.matchAll(/HTTP\/1\.1 (\d+) /g)].map(([, status]) => Number(status));

const body = '{"type":"a","data":1}';
const head = (...lines: string[]) =>
  [
    'POST /v1/tenants/acme/events HTTP/1.1',
    'host: x',
    `authorization: Bearer ${apiKey}`,
    'content-type: application/json',
    ...lines,
    '',
    '',
  ].join('\r\n');
const chunked = `${body.length.toString(16)}\r\n${body}\r\n0\r\n\r\n`;
const smuggled = 'DELETE /v1/tenants/acme HTTP/1.1\r\nhost: x\r\n\r\n';

describe('a request that another server might parse differently', () => {
  it.each<[string, string]>([
    ['with both a length and chunks', `${head('content-length: 5', 'transfer-encoding: chunked')}0\r\n\r\n${smuggled}`],
    ['with chunks and then a length', `${head('transfer-encoding: chunked', 'content-length: 5')}0\r\n\r\n${smuggled}`],
    ['with two lengths', `${head('content-length: 0', `content-length: ${smuggled.length}`)}${smuggled}`],
    ['with two lengths in one line', `${head('content-length: 0, 5')}${smuggled}`],
    ['with a length and a sign', head('content-length: +21') + body],
    ['with a negative length', head('content-length: -1') + body],
    ['with a length in hex', head('content-length: 0x15') + body],
    ['with a length beyond all', head('content-length: 99999999999999999999') + body],
    ['with an unknown encoding', `${head('transfer-encoding: xchunked')}${chunked}${smuggled}`],
    ['with chunks that are not last', `${head('transfer-encoding: chunked, identity')}${chunked}${smuggled}`],
    ['with a blank before the colon', `${head('transfer-encoding : chunked')}${chunked}${smuggled}`],
    ['with a folded header', `${head('x-a: b', ' transfer-encoding: chunked')}${chunked}`],
    ['with a bare CR in a header', head('x-a: b\rtransfer-encoding: chunked') + body],
    ['with a bare LF', `${head('x-a: b\ncontent-length: 5')}${smuggled}`],
    ['with NUL in a header', head('x-a: b\0c', 'content-length: 21') + body],
    ['with a chunk of another size', `${head('transfer-encoding: chunked')}3\r\n${body}\r\n0\r\n\r\n`],
    ['with a malformed chunk size', `${head('transfer-encoding: chunked')}0x15\r\n${body}\r\n0\r\n\r\n`],
    ['with chunks ended by a bare LF', `${head('transfer-encoding: chunked')}15\n${body}\n0\n\n`],
    ['without a host', 'GET /healthz HTTP/1.1\r\n\r\n'],
    ['of an unknown HTTP version', 'GET /healthz HTTP/9.9\r\nhost: x\r\n\r\n'],
    ['that is not HTTP', '\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03'],
  ])('%s gets one 400, and the connection is closed', async (_, text) => {
    const socket = open(listening);
    const said = untilClosed(socket);
    socket.write(Buffer.from(text, 'latin1'));
    expect(statuses(await said)).toEqual([400]);
    expect(await tenantIsThere()).toBe(true);
  });

  it('with a length that is too short leaves no second request in the connection', async () => {
    const socket = open(listening);
    const said = untilClosed(socket);
    socket.write(`${head('content-length: 4')}${body}`);
    expect(new Set(statuses(await said))).toEqual(new Set([400]));
  });

  it('on a connection with others is answered in order', async () => {
    const socket = open(listening);
    const said = untilClosed(socket);
    socket.write(
      `GET /healthz HTTP/1.1\r\nhost: x\r\n\r\nGET /nothing HTTP/1.1\r\nhost: x\r\n\r\nGET /healthz HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n`,
    );
    expect(statuses(await said)).toEqual([200, 404, 200]);
  });

  it.each([
    ['a head too large', `GET / HTTP/1.1\r\nhost: x\r\nx-pad: ${'p'.repeat(20_000)}\r\n\r\n`, 431],
    ['a tunnel', 'CONNECT 10.0.0.1:80 HTTP/1.1\r\nhost: 10.0.0.1:80\r\n\r\n', null],
    ['an unsupported upgrade', 'GET /nothing HTTP/1.1\r\nhost: x\r\nconnection: upgrade, close\r\nupgrade: h2c\r\n\r\n', 404],
    ['another server’s address', 'GET http://10.0.0.1/nothing HTTP/1.1\r\nhost: 10.0.0.1\r\nconnection: close\r\n\r\n', 404],
    ['its own echo', 'TRACE /nothing HTTP/1.1\r\nhost: x\r\nx-secret: s\r\nconnection: close\r\n\r\n', 404],
  ])('for %s is refused', async (_, text, status) => {
    const socket = open(listening);
    const said = untilClosed(socket);
    socket.write(text);
    const answer = await said;
    expect(statuses(answer)).toEqual(status === null ? [] : [status]);
    expect(answer).not.toContain('x-secret');
  });
});

describe('a client that never finishes', () => {
  it.each<[string, string, string]>([
    ['drips its headers', 'GET /healthz HTTP/1.1\r\nhost: x\r\n', 'x: y\r\n'],
    ['drips one header', 'GET /healthz HTTP/1.1\r\nhost: x\r\nx-a: ', 'a'],
    ['drips its chunks', head('transfer-encoding: chunked'), '1\r\n \r\n'],
    ['drips a counted body', head('content-length: 200000'), ' '],
    ['sends less than its length', head('content-length: 200'), ''],
    ['drips to an unknown path', 'POST /nothing HTTP/1.1\r\nhost: x\r\ncontent-length: 200000\r\n\r\n', ' '],
  ])('and %s is cut off', async (_, start, more) => {
    const socket = open(impatient);
    const said = untilClosed(socket);
    socket.write(start);
    const timer = setInterval(() => socket.write(more), 20);
    onTestFinished(() => clearInterval(timer));
    expect(statuses(await said).filter((status) => ![404, 408].includes(status))).toEqual([]);
  });

  it('and sends nothing at all is cut off', async () => {
    const said = untilClosed(open(impatient));
    expect(statuses(await said).filter((status) => status !== 408)).toEqual([]);
  });

  it('does not keep others from being served', async () => {
    const dripping = Array.from({ length: 50 }, () => {
      const socket = open(impatient);
      socket.write('GET /healthz HTTP/1.1\r\nx-a: ');
      return untilClosed(socket);
    });
    await until('an answer', async () => (await fetch(`${impatient.origin}/healthz`)).status === 200);
    await Promise.all(dripping);
  });

  it('and sends endless chunks gets 413 or 408, and is cut off', async () => {
    const socket = open(impatient);
    const said = untilClosed(socket);
    socket.write(head('transfer-encoding: chunked'));
    const chunk = Buffer.concat([Buffer.from('10000\r\n'), Buffer.alloc(0x10000, ' '), Buffer.from('\r\n')]);
    const pour = () => {
      while (!socket.destroyed && socket.write(chunk));
    };
    socket.on('drain', pour);
    pour();
    expect(statuses(await said).filter((status) => ![408, 413].includes(status))).toEqual([]);
  });
});

async function tenantIsThere(): Promise<boolean> {
  const { rows } = await api.db.query("select 1 from tenants where external_id = 'acme' and deleted_at is null");
  return rows.length === 1;
}
