// Responses made to exhaust memory. Whatever an endpoint sends, an attempt keeps a limited part of
// it and ends.
import type { Socket } from 'node:net';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { until } from '../support/until.ts';
import { pour, startEndpoint } from './endpoint.ts';
import { answeredBy, requestTo, startSender } from './sender.ts';

const KiB = 1024;
const MiB = 1024 * KiB;

setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc') as () => void;

/** Memory in use after garbage collection, in bytes. */
function held(): number {
  collect();
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}

describe('a body of zeros, compressed', () => {
  it('is kept compressed, not decompressed', async () => {
    const bomb = gzipSync(Buffer.alloc(16 * MiB));
    const body = Buffer.concat(Array.from({ length: 60 }, () => bomb));
    const before = held();
    const { result, endpoint } = await answeredBy((socket) => {
      socket.write(`HTTP/1.1 200 OK\r\ncontent-encoding: gzip\r\ncontent-length: ${body.length}\r\n\r\n`);
      socket.write(body);
    });
    expect(endpoint.requests[0]).toMatch(/accept-encoding: identity\r\n/i);
    expect(result).toMatchObject({ outcome: 'accepted', response: { bodyTruncated: true } });
    expect(body.subarray(0, 64 * KiB).equals(result.response?.bodyStart ?? Buffer.alloc(0))).toBe(true);
    expect(held() - before).toBeLessThan(4 * MiB);
  });
});

describe('memory for a response without end', () => {
  it.each<[string, Buffer]>([
    ['chunks of one byte', Buffer.from('1\r\nx\r\n'.repeat(60 * KiB))],
    ['chunks of one byte, padded', Buffer.concat(Array.from({ length: 50 }, () => Buffer.from(`1;${'p'.repeat(8 * KiB)}\r\nx\r\n`)))],
    ['chunks of any size', Buffer.from(`${(60 * KiB).toString(16)}\r\n${'x'.repeat(60 * KiB)}\r\n`)],
  ])('is little more than the kept part: %s', async (_, chunks) => {
    const answers = 6;
    const sockets: Socket[] = [];
    const endpoint = await startEndpoint((socket) => {
      sockets.push(socket);
      socket.write('HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n');
      socket.write(chunks);
    });
    const sender = startSender();
    const given = new AbortController();
    const before = held();
    const attempts = Array.from({ length: answers }, () => sender.send(requestTo(endpoint.url, { signal: given.signal })));
    await until('all of it sent', () => sockets.length === answers && sockets.every(({ writableLength }) => writableLength === 0));
    await until('little held', () => held() - before < answers * 256 * KiB);
    given.abort();
    await Promise.allSettled(attempts);
  });
});

describe('an endpoint that sends without end', () => {
  const forEver: [string, string, Buffer, string][] = [
    ['chunks of one byte', 'HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n', Buffer.from('1\r\nx\r\n'.repeat(10_000)), 'accepted'],
    ['early hints', '', Buffer.from(`HTTP/1.1 103 Early Hints\r\nlink: </${'a'.repeat(4_000)}>\r\n\r\n`.repeat(16)), 'response_too_large'],
    ['early hints without headers', '', Buffer.from('HTTP/1.1 103 Early Hints\r\n\r\n'.repeat(2_000)), 'response_too_large'],
    ['small headers', 'HTTP/1.1 200 OK\r\n', Buffer.from('a:b\r\n'.repeat(10_000)), 'accepted'],
    ['trailers', 'HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n0\r\n', Buffer.from('a:b\r\n'.repeat(10_000)), 'accepted'],
    ['a chunk size', 'HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n', Buffer.from('0'.repeat(64 * KiB)), 'accepted'],
    ['blank lines', '', Buffer.from('\r\n'.repeat(32 * KiB)), 'response_too_large'],
    [
      'unrequested responses',
      'HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n',
      Buffer.from('HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n'.repeat(1_000)),
      'accepted',
    ],
  ];
  it.each(forEver)('%s is cut off after a few megabytes', async (_, start, chunk, outcome) => {
    const sockets: Socket[] = [];
    const { result, endpoint } = await answeredBy((socket) => {
      sockets.push(socket);
      socket.write(start);
      pour(socket, chunk);
    });
    expect(result.outcome).toBe(outcome);
    await until('the connection closed', () => endpoint.open === 0);
    // the bytes read, plus the bytes in kernel buffers
    expect(sockets[0]?.bytesWritten).toBeLessThan(32 * MiB);
  });
});

it('a response that arrives before its request is dropped', async () => {
  // two responses to the first request: the second must not count for the next request on this connection
  const endpoint = await startEndpoint((socket, n) => {
    const statusOnly = (status: number) => `HTTP/1.1 ${status} Status\r\ncontent-length: 0\r\n\r\n`;
    if (n === 0) socket.write(statusOnly(200), () => setImmediate(() => socket.write(statusOnly(410))));
    else socket.write(statusOnly(200));
  });
  const sender = startSender();
  expect((await sender.send(requestTo(endpoint.url))).outcome).toBe('accepted');
  await until('the second answer came, and cost the connection', () => endpoint.open === 0);
  expect((await sender.send(requestTo(endpoint.url))).outcome).toBe('accepted');
});
