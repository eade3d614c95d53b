// The outcome of each response, and the part of it that is kept.
import { describe, expect, it } from 'vitest';
import { response, startEndpoint } from './endpoint.ts';
import { answeredBy } from './sender.ts';

const KiB = 1024;

describe('a response', () => {
  it('that arrives while the process is stalled counts, even if the deadline passes meanwhile', async () => {
    const timeoutMs = 2_000;
    const startedAt = performance.now();
    const standStill = () => Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, startedAt + timeoutMs + 100 - performance.now());
    const { result } = await answeredBy((socket) => {
      socket.write(response(200));
      standStill();
    }, timeoutMs);
    expect(result.outcome).toBe('accepted');
  });

  it('of 200 is accepted, and kept with its headers and body', async () => {
    const { endpoint, result, host } = await answeredBy((socket) =>
      socket.write(response(200, { 'X-Id': '7', 'set-cookie': 'a=1' }, 'thanks')),
    );
    expect(result).toMatchObject({ outcome: 'accepted', retryAfterMs: null, address: '127.0.0.1' });
    expect(result.message).toMatch(new RegExp(`^HTTP 200 from ${host}, \\d+ ms$`));
    expect(result.response).toEqual({
      statusCode: 200,
      headers: [
        ['X-Id', '7'],
        ['set-cookie', 'a=1'],
        ['content-length', '6'],
      ],
      bodyStart: Buffer.from('thanks'),
      bodyTruncated: false,
    });
    expect(endpoint.requests).toHaveLength(1);
  });

  it.each([
    [204, 'accepted'],
    [299, 'accepted'],
    [304, 'redirect'],
    [400, 'http_status'],
    [404, 'http_status'],
    [410, 'gone'],
    [500, 'http_status'],
    [599, 'http_status'],
  ])('of %i has the outcome %s', async (status, outcome) => {
    const { result } = await answeredBy((socket) => socket.end(`HTTP/1.1 ${status} Status\r\ncontent-length: 0\r\n\r\n`));
    expect(result).toMatchObject({ outcome, response: { statusCode: status, bodyTruncated: false } });
    expect(result.response?.bodyStart).toHaveLength(0);
  });

  it.each([300, 301, 302, 303, 305, 307, 308])('of %i is not followed as a redirect', async (status) => {
    const elsewhere = await startEndpoint((socket) => socket.write(response(200)));
    const headers = { location: elsewhere.url, refresh: `0; url=${elsewhere.url}`, 'content-location': elsewhere.url };
    const { result } = await answeredBy((socket) => socket.write(response(status, headers)));
    expect(result).toMatchObject({ outcome: 'redirect', message: expect.stringContaining('not followed') });
    expect(elsewhere.connections).toBe(0);
  });

  it('of 503 or 429 may have a Retry-After', async () => {
    const ask = async (status: number, value: string) =>
      (await answeredBy((socket) => socket.write(response(status, { 'Retry-After': value })))).result.retryAfterMs;
    expect(await ask(503, '120')).toBe(120_000);
    expect(await ask(429, 'Fri, 31 Dec 2100 23:59:59 GMT')).toBe(86_400_000);
    expect(await ask(500, '120')).toBeNull();
  });

  it.each([
    [64 * KiB, false],
    [64 * KiB + 1, true],
    [KiB * KiB, true],
  ])('body of %i bytes is kept up to 64 KiB (truncated: %s)', async (size, bodyTruncated) => {
    const body = Buffer.alloc(size, 'abcdefg');
    const { result } = await answeredBy((socket) => socket.write(response(200, {}, body)));
    expect(result).toMatchObject({ outcome: 'accepted', response: { bodyTruncated } });
    expect(body.subarray(0, 64 * KiB).equals(result.response?.bodyStart ?? Buffer.alloc(0))).toBe(true);
  });

  it('may contain any bytes: NUL and invalid UTF-8 are kept unchanged', async () => {
    const body = Buffer.from([0, 0x61, 0xff, 0xfe, 0xc3, 0x28, 0, 0xed, 0xa0, 0x80]);
    const { result } = await answeredBy((socket) => {
      socket.write(Buffer.from(`HTTP/1.1 200 OK\r\nx-odd: \xff\xfe\r\ncontent-length: ${body.length}\r\n\r\n`, 'latin1'));
      socket.write(body);
    });
    expect(result.outcome).toBe('accepted');
    expect(body.equals(result.response?.bodyStart ?? Buffer.alloc(0))).toBe(true);
    expect(result.response?.headers[0]).toEqual(['x-odd', '\xff\xfe']);
  });

  it('may follow an interim response', async () => {
    const { result } = await answeredBy((socket) => {
      socket.write('HTTP/1.1 103 Early Hints\r\nlink: </a>\r\n\r\n');
      socket.write(response(201));
    });
    expect(result).toMatchObject({ outcome: 'accepted', response: { statusCode: 201, headers: [['content-length', '0']] } });
  });
});
