// The request as an endpoint receives it.
import { describe, expect, it } from 'vitest';
import { LocalFault } from '#outbound/local-fault';
import { response, startEndpoint } from './endpoint.ts';
import { answeredBy, requestTo, startSender } from './sender.ts';

describe('a request', () => {
  it('contains what the caller gave, and only the necessary headers besides', async () => {
    const body = Buffer.from('{"n":1.0e400,"t":"ä"}');
    const endpoint = await startEndpoint((socket) => socket.write(response(200)));
    await startSender().send(
      requestTo(`${endpoint.url}/a%20b/%63?x=1&y=%2F`, { body, headers: { 'webhook-id': 'evt_1', 'content-type': 'application/json' } }),
    );
    const [head = '', sent = ''] = endpoint.requests[0]?.split('\r\n\r\n') ?? [];
    expect(head.split('\r\n')[0]).toBe('POST /hook/a%20b/%63?x=1&y=%2F HTTP/1.1');
    expect(head.toLowerCase().split('\r\n').slice(1).sort()).toEqual([
      'accept-encoding: identity',
      'connection: keep-alive',
      `content-length: ${body.length}`,
      'content-type: application/json',
      `host: 127.0.0.1:${endpoint.port}`,
      'user-agent: posthorn/test',
      'webhook-id: evt_1',
    ]);
    expect(Buffer.from(sent, 'latin1').equals(body)).toBe(true);
  });

  it('with an empty body is sent', async () => {
    const { result } = await answeredBy((socket) => socket.write(response(200)));
    expect(result.outcome).toBe('accepted');
    const endpoint = await startEndpoint((socket) => socket.write(response(200)));
    expect(await startSender().send(requestTo(endpoint.url, { body: new Uint8Array() }))).toMatchObject({ outcome: 'accepted' });
    expect(endpoint.requests[0]).toMatch(/content-length: 0\r\n/);
  });

  it.each([
    'Connection',
    'content-length',
    'Transfer-Encoding',
    'host',
    'TE',
    'trailer',
    'Upgrade',
    'keep-alive',
    'Expect',
    'proxy-authorization',
    'User-Agent',
  ])('with the header %s is an internal error', async (name) => {
    const endpoint = await startEndpoint((socket) => socket.write(response(200)));
    const sent = startSender().send(requestTo(endpoint.url, { headers: { [name]: '1' } }));
    await expect(sent).rejects.toMatchObject({ name: 'LocalFault', code: 'header_not_ours_to_send' });
    expect(endpoint.connections).toBe(0);
  });

  it('with an invalid header is an internal error', async () => {
    const endpoint = await startEndpoint((socket) => socket.write(response(200)));
    await expect(startSender().send(requestTo(endpoint.url, { headers: { 'x-a': 'b\r\nc: d' } }))).rejects.toThrow(LocalFault);
    expect(endpoint.requests).toHaveLength(0);
  });

  it('has a message without path, query or body', async () => {
    const { result } = await answeredBy((socket) => socket.write(response(500)));
    expect(result.message).not.toMatch(/hook|order/);
  });
});
