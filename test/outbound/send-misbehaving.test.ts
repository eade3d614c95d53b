// Endpoints that send too much, too slowly, too little or nonsense.
import type { Socket } from 'node:net';
import { describe, expect, it } from 'vitest';
import { until } from '../support/until.ts';
import { type Answer, pour, response, trickle } from './endpoint.ts';
import { answeredBy } from './sender.ts';

const KiB = 1024;

describe('an endpoint that misbehaves', () => {
  it.each([
    [200, 'accepted'],
    [500, 'http_status'],
  ])('with an endless body is cut off, and its status %i decides', async (status, outcome) => {
    const { endpoint, result, host } = await answeredBy((socket) => {
      socket.write(`HTTP/1.1 ${status} Status\r\n\r\n`);
      pour(socket, Buffer.alloc(64 * KiB, 'x'));
    });
    expect(result).toMatchObject({ outcome, response: { statusCode: status, bodyTruncated: true } });
    expect(result.response?.bodyStart).toHaveLength(64 * KiB);
    expect(result.message).toMatch(
      new RegExp(`^HTTP ${status} from ${host}, \\d+ ms; its body is over 1 MiB and was not read to its end$`),
    );
    await until('the connection closed', () => endpoint.open === 0);
  });

  it('with a body one byte over the limit is accepted, and its connection closed', async () => {
    const { endpoint, result } = await answeredBy((socket) => socket.write(response(200, {}, Buffer.alloc(KiB * KiB + 1, 'x'))));
    expect(result).toMatchObject({ outcome: 'accepted', response: { bodyTruncated: true } });
    await until('the connection closed', () => endpoint.open === 0);
  });

  it('with endless chunk extensions is cut off after its status', async () => {
    const { result } = await answeredBy((socket) => {
      socket.write('HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5;');
      pour(socket, Buffer.alloc(64 * KiB, 'x'));
    });
    expect(result).toMatchObject({ outcome: 'accepted', message: expect.stringMatching(/; its body is not valid HTTP\/1\.1 \(/) });
  });

  it('with an endless reason phrase is cut off before its status line ends', async () => {
    const { result } = await answeredBy((socket) => {
      socket.write('HTTP/1.1 500 ');
      pour(socket, Buffer.alloc(64 * KiB, 'x'));
    });
    expect(result).toMatchObject({ outcome: 'protocol', response: null });
  });

  it.each([
    ['100 MB of headers', '', Buffer.from(`x-pad: ${'p'.repeat(8 * KiB)}\r\n`)],
    ['one endless header', 'x-pad: ', Buffer.alloc(64 * KiB, 'p')],
  ])('with %s is cut off after its status', async (_, start, more) => {
    const sockets: Socket[] = [];
    const { result } = await answeredBy((socket) => {
      sockets.push(socket);
      socket.write(`HTTP/1.1 200 OK\r\n${start}`);
      pour(socket, more);
    });
    expect(result).toMatchObject({ outcome: 'accepted', response: { statusCode: 200, headers: [], bodyTruncated: true } });
    expect(result.message).toMatch(/; its headers are over 16 KiB$/);
    expect(sockets[0]?.bytesWritten).toBeLessThan(100 * KiB * KiB);
  });

  it('with slow headers ends at the deadline, accepted by its status', async () => {
    const { result } = await answeredBy((socket) => {
      socket.write('HTTP/1.1 200 OK\r\n');
      trickle(socket, 'x: y\r\n');
    }, 300);
    expect(result).toMatchObject({ outcome: 'accepted', address: '127.0.0.1', timings: { firstByteMs: null } });
    expect(result.message).toMatch(/; its headers did not end within 0\.3 s$/);
  });

  it('with a slow body ends at the deadline, accepted by its status', async () => {
    const { endpoint, result } = await answeredBy((socket) => {
      socket.write('HTTP/1.1 200 OK\r\ncontent-length: 100000\r\n\r\n');
      trickle(socket, 'x');
    }, 300);
    expect(result).toMatchObject({ outcome: 'accepted', response: { statusCode: 200, bodyTruncated: true } });
    expect(result.message).toMatch(/; its body did not end within 0\.3 s$/);
    expect(result.timings.firstByteMs).not.toBeNull();
    await until('the connection closed', () => endpoint.open === 0);
  });

  it('with endless interim responses times out', async () => {
    const { result } = await answeredBy((socket) => trickle(socket, 'HTTP/1.1 102 Processing\r\n\r\n'), 300);
    expect(result).toMatchObject({ outcome: 'timeout', response: null });
  });

  it('that sends nothing times out', async () => {
    const { result } = await answeredBy(() => {}, 200);
    expect(result).toMatchObject({ outcome: 'timeout', response: null });
  });

  const cut: [string, Answer][] = [
    ['resetting before its headers', (socket) => socket.resetAndDestroy()],
    ['closing before its headers', (socket) => socket.end()],
    ['closing in its status line', (socket) => socket.end('HTTP/1.1 200 O')],
  ];
  it.each(cut)('by %s has the outcome reset', async (_, answer) => {
    const { endpoint, result } = await answeredBy(answer);
    expect(result).toMatchObject({ outcome: 'reset', response: null });
    expect(endpoint.requests).toHaveLength(1);
  });

  it('by resetting in its body is accepted, unless the reset arrives before the status', async () => {
    const { endpoint, result } = await answeredBy((socket) => {
      socket.write('HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nabc', () => setImmediate(() => socket.resetAndDestroy()));
    });
    expect(result.outcome).toBe(result.response === null ? 'reset' : 'accepted');
    expect(endpoint.requests).toHaveLength(1);
  });

  const nonsense: [string, string][] = [
    ['garbage', 'SSH-2.0-OpenSSH_9.6\r\n'],
    ['bytes', '\x15\x03\x01\x00\x02\x02\x46'],
    ['HTML', '<!doctype html><p>hello</p>'],
    ['another HTTP version', 'HTTP/9.9 200 OK\r\n\r\n'],
    ['an upgrade', 'HTTP/1.1 101 Switching Protocols\r\nconnection: upgrade\r\nupgrade: websocket\r\n\r\n'],
  ];
  it.each(nonsense)('that sends %s has the outcome protocol', async (_, text) => {
    const { result } = await answeredBy((socket) => socket.write(Buffer.from(text, 'latin1')));
    expect(result).toMatchObject({ outcome: 'protocol', response: null });
  });

  it('that answers 101 gets a message that says so', async () => {
    const { result, host } = await answeredBy((socket) => socket.write('HTTP/1.1 101 Switching Protocols\r\n\r\n'));
    expect(result).toMatchObject({
      outcome: 'protocol',
      message: `${host} answered 101 Switching Protocols, which Posthorn did not request`,
    });
  });
});
