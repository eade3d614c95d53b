// A complete status line decides the outcome: the endpoint has processed the event, and sending it
// again would do harm. The message says what is wrong with the rest, and the connection is closed.
import { brotliCompressSync, deflateSync, gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { until } from '../support/until.ts';
import { response, startEndpoint } from './endpoint.ts';
import { answeredBy, patienceMs, requestTo, startSender } from './sender.ts';
import { strangeAnswers } from './strange-answers.ts';

describe('an answer with', () => {
  it.each(strangeAnswers)('$name is $outcome', async ({ bytes, closes, outcome, flaw, isKept = false }) => {
    const endpoint = await startEndpoint((socket, n) => {
      if (n > 0) return void socket.write(response(200));
      const data = Buffer.from(bytes, 'latin1');
      if (closes) socket.end(data);
      else socket.write(data);
    });
    const sender = startSender({ keepAliveMs: patienceMs });
    const result = await sender.send(requestTo(endpoint.url));
    expect(result).toMatchObject({ outcome });
    if (outcome === 'accepted') expect(result.message).toMatch(flaw ?? / \d+ ms$/);
    if (!isKept) await until('its connection closed', () => endpoint.open === 0);
    expect(await sender.send(requestTo(endpoint.url))).toMatchObject({ outcome: 'accepted' });
    expect(endpoint).toMatchObject({ connections: isKept ? 1 : 2, requests: { length: 2 } });
  });
});

describe('a broken answer', () => {
  it('with another status has the outcome of that status', async () => {
    const of = async (head: string) => (await answeredBy((socket) => socket.write(`${head}\r\nno colon\r\n\r\n`))).result.outcome;
    expect(await of('HTTP/1.1 503 Busy')).toBe('http_status');
    expect(await of('HTTP/1.1 302 Found')).toBe('redirect');
    expect(await of('HTTP/1.1 410 Gone')).toBe('gone');
  });
});

describe('a compressed body', () => {
  const text = 'thanks '.repeat(1_000);
  it.each([
    ['gzip', gzipSync(text)],
    ['x-gzip', gzipSync(text)],
    ['deflate', deflateSync(text)],
    ['br', brotliCompressSync(text)],
  ])('with %s is kept decompressed', async (encoding, body) => {
    const { result } = await answeredBy((socket) => socket.write(response(200, { 'Content-Encoding': encoding }, body)));
    expect(result).toMatchObject({ outcome: 'accepted', response: { bodyTruncated: false } });
    expect(Buffer.from(result.response?.bodyStart ?? []).toString()).toBe(text);
  });

  it.each([
    ['that would decompress to over 64 KiB', 'gzip', gzipSync(Buffer.alloc(64 * 1024 + 1))],
    ['that is not compressed as declared', 'gzip', Buffer.from('plain')],
    ['of an unknown encoding', 'zstd', Buffer.from('plain')],
  ])('%s is kept unchanged', async (_, encoding, body) => {
    const { result } = await answeredBy((socket) => socket.write(response(200, { 'content-encoding': encoding }, body)));
    expect(result.outcome).toBe('accepted');
    expect(body.equals(result.response?.bodyStart ?? Buffer.alloc(0))).toBe(true);
  });
});
