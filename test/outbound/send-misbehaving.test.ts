// Endpoints that send too much, too slowly, too little or nonsense.
import { describe, expect, it } from 'vitest';
import { type Answer, pour, trickle } from './endpoint.ts';
import { answeredBy } from './sender.ts';

const KiB = 1024;

describe('an endpoint that misbehaves', () => {
  it('by an endless body is cut off, whatever its status', async () => {
    for (const status of [200, 500]) {
      const { result } = await answeredBy((socket) => {
        socket.write(`HTTP/1.1 ${status} Status\r\n\r\n`);
        pour(socket, Buffer.alloc(64 * KiB, 'x'));
      });
      expect(result).toMatchObject({ outcome: 'response_too_large', response: { statusCode: status, bodyTruncated: true } });
      expect(result.response?.bodyStart).toHaveLength(64 * KiB);
    }
  });

  it.each([
    ['chunk extensions', 'HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5;'],
    ['reasons', 'HTTP/1.1 500 '],
  ])('by endless %s is cut off', async (_, start) => {
    const { result } = await answeredBy((socket) => {
      socket.write(start);
      pour(socket, Buffer.alloc(64 * KiB, 'x'));
    });
    expect(result.outcome).toBe('response_too_large');
  });

  it('by 100 MB of headers is cut off', async () => {
    let written = 0;
    const { result } = await answeredBy((socket) => {
      socket.write('HTTP/1.1 200 OK\r\n');
      const line = Buffer.from(`x-pad: ${'p'.repeat(8 * KiB)}\r\n`);
      const more = () => {
        while (!socket.destroyed && written < 100 * KiB * KiB && socket.write(line)) written += line.length;
      };
      socket.on('drain', more);
      more();
    });
    expect(result).toMatchObject({ outcome: 'protocol', response: null });
    expect(written).toBeLessThan(100 * KiB * KiB);
  });

  it('by one endless header is cut off', async () => {
    const { result } = await answeredBy((socket) => {
      socket.write('HTTP/1.1 200 OK\r\nx-pad: ');
      pour(socket, Buffer.alloc(64 * KiB, 'p'));
    });
    expect(result.outcome).toBe('protocol');
  });

  it('by trickling its headers runs into the deadline', async () => {
    const { result, host } = await answeredBy((socket) => {
      socket.write('HTTP/1.1 200 OK\r\n');
      trickle(socket, 'x: y\r\n');
    }, 300);
    expect(result).toMatchObject({ outcome: 'timeout', response: null, address: '127.0.0.1' });
    expect(result.message).toBe(`no answer from ${host} within 0.3 s`);
  });

  it('by trickling its body runs into the deadline, though it said 200', async () => {
    const { result, host } = await answeredBy((socket) => {
      socket.write('HTTP/1.1 200 OK\r\ncontent-length: 100000\r\n\r\n');
      trickle(socket, 'x');
    }, 300);
    expect(result).toMatchObject({ outcome: 'timeout', response: { statusCode: 200 } });
    expect(result.message).toBe(`HTTP 200 from ${host}, but its body did not end within 0.3 s`);
    expect(result.timings.firstByteMs).not.toBeNull();
  });

  it('by endless early responses runs into the deadline', async () => {
    const { result } = await answeredBy((socket) => trickle(socket, 'HTTP/1.1 102 Processing\r\n\r\n'), 300);
    expect(result).toMatchObject({ outcome: 'timeout', response: null });
  });

  it('by saying nothing runs into the deadline', async () => {
    const { result } = await answeredBy(() => {}, 200);
    expect(result).toMatchObject({ outcome: 'timeout', response: null });
  });

  const cut: [string, Answer, number | null][] = [
    ['resetting before its headers', (socket) => socket.resetAndDestroy(), null],
    ['closing before its headers', (socket) => socket.end(), null],
    ['closing in its headers', (socket) => socket.end('HTTP/1.1 200 OK\r\nx-y: z\r\n'), null],
    ['closing in a counted body', (socket) => socket.end('HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nabc'), 200],
    ['closing in a counted last body', (socket) => socket.end('HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: 9\r\n\r\nabc'), 200],
    ['closing in a chunked body', (socket) => socket.end('HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5\r\nabc'), 200],
    [
      'closing in a last chunked body',
      (socket) => socket.end('HTTP/1.1 200 OK\r\nconnection: close\r\ntransfer-encoding: chunked\r\n\r\n5\r\nabc'),
      200,
    ],
    [
      'resetting in its body',
      (socket) => {
        socket.write('HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nabc', () => setImmediate(() => socket.resetAndDestroy()));
      },
      200,
    ],
  ];
  it.each(cut)('by %s is reset', async (_, answer, status) => {
    const { endpoint, result } = await answeredBy(answer);
    expect(result.outcome).toBe('reset');
    // A reset may overtake what was sent before it.
    if (result.response !== null || status === null) expect(result.response?.statusCode ?? null).toBe(status);
    expect(endpoint.requests).toHaveLength(1);
  });

  const nonsense: [string, string][] = [
    ['garbage', 'SSH-2.0-OpenSSH_9.6\r\n'],
    ['bytes', '\x15\x03\x01\x00\x02\x02\x46'],
    ['HTML', '<!doctype html><p>hello</p>'],
    ['another version', 'HTTP/9.9 200 OK\r\n\r\n'],
    ['a header with NUL', 'HTTP/1.1 200 OK\r\nx: a\0b\r\n\r\n'],
    ['two lengths', 'HTTP/1.1 200 OK\r\ncontent-length: 1\r\ncontent-length: 2\r\n\r\nab'],
    ['a length that is none', 'HTTP/1.1 200 OK\r\ncontent-length: many\r\n\r\nab'],
    ['a broken chunk', 'HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nzz\r\nabc\r\n'],
    ['100 that was not asked for', 'HTTP/1.1 100 Continue\r\n\r\n'],
    ['an upgrade', 'HTTP/1.1 101 Switching Protocols\r\nconnection: upgrade\r\nupgrade: websocket\r\n\r\n'],
  ];
  it.each(nonsense)('by %s does not speak HTTP', async (_, text) => {
    const { result } = await answeredBy((socket) => socket.write(Buffer.from(text, 'latin1')));
    expect(result.outcome).toBe('protocol');
  });
});
