// A request with a latest send time: after that time, not one byte of it is written, for any
// reason.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { connect, createServer, type Socket } from 'node:net';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { describe, expect, it, onTestFinished } from 'vitest';
import { createAddressGuard } from '#outbound/address-guard';
import { until } from '../support/until.ts';
import { type Answer, type Endpoint, response, selfSigned, startEndpoint } from './endpoint.ts';
import { patienceMs, requestTo, startSender } from './sender.ts';

const ok: Answer = (socket) => socket.write(response(200));
const soon = () => performance.now() + 50;
const past = (momentMs: number) => until('the moment to pass', () => performance.now() > momentMs);
const tooLate = { name: 'LocalFault', code: 'too_late' };

/** A gate in front of an endpoint: accepts connections, and passes nothing on until it is opened. */
async function startGate(endpoint: Endpoint) {
  const held: Socket[] = [];
  const server = createServer((socket) => void held.push(socket.on('error', () => {})));
  onTestFinished(() => {
    for (const socket of held) socket.destroy();
    return new Promise<void>((resolve) => server.close(() => resolve()));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as { port: number };
  return {
    url: endpoint.url.replace(`:${endpoint.port}/`, `:${port}/`),
    taken: () => held.length,
    open: () => held.forEach((socket) => void socket.pipe(connect(endpoint.port, '127.0.0.1').on('error', () => {})).pipe(socket)),
  };
}

describe('a request', () => {
  it('is sent before its latest time', async () => {
    const endpoint = await startEndpoint(ok);
    const sent = startSender().send(requestTo(endpoint.url, { isTooLate: () => false }));
    expect(await sent).toMatchObject({ outcome: 'accepted' });
  });

  it('after its latest time opens no connection and closes none', async () => {
    const endpoint = await startEndpoint(ok);
    const sender = startSender({ keepAliveMs: patienceMs });
    await expect(sender.send(requestTo(endpoint.url, { isTooLate: () => true }))).rejects.toMatchObject(tooLate);
    expect(endpoint.connections).toBe(0);
    await sender.send(requestTo(endpoint.url));
    await expect(sender.send(requestTo(endpoint.url, { isTooLate: () => true }))).rejects.toMatchObject(tooLate);
    await sender.send(requestTo(endpoint.url));
    expect(endpoint).toMatchObject({ connections: 1, requests: { length: 2 } });
  });

  it('whose name takes too long to resolve is not sent', async () => {
    const endpoint = await startEndpoint(ok);
    const notAfterMs = soon();
    const resolve = () => past(notAfterMs).then(() => [{ address: '127.0.0.1', family: 4 }]);
    const sender = startSender({ guard: createAddressGuard({ allowCidrs: ['127.0.0.0/8'], resolve }) });
    const sent = sender.send(requestTo(`http://named.example:${endpoint.port}/`, { isTooLate: () => performance.now() > notAfterMs }));
    await expect(sent).rejects.toMatchObject(tooLate);
    await until('the connection to come and go', () => endpoint.connections === 1 && endpoint.open === 0);
    expect(endpoint.bytes).toBe(0);
  });

  it('whose TLS handshake takes too long is not sent, and the next one is', async () => {
    const identity = { ...selfSigned(), maxVersion: 'TLSv1.2' } as const;
    const endpoint = await startEndpoint(ok, identity);
    const gate = await startGate(endpoint);
    const sender = startSender({ ca: identity.cert });
    const notAfterMs = soon();
    const sent = sender.send(requestTo(gate.url, { isTooLate: () => performance.now() > notAfterMs }));
    await Promise.all([past(notAfterMs), until('its connection', () => gate.taken() === 1)]);
    gate.open();
    await expect(sent).rejects.toMatchObject(tooLate);
    await until('the handshake to be done', () => endpoint.connections === 1 && endpoint.open === 0);
    expect(endpoint.bytes).toBe(0);
    expect(await sender.send(requestTo(endpoint.url))).toMatchObject({ outcome: 'accepted' });
  });

  it('that waits too long for a free connection is not sent on it', async () => {
    const notAfterMs = soon();
    const endpoint = await startEndpoint((socket, n) => void past(n === 0 ? notAfterMs : 0).then(() => socket.write(response(200))));
    const sender = startSender({ maxConnectionsPerOrigin: 1, keepAliveMs: patienceMs });
    const first = sender.send(requestTo(endpoint.url));
    await expect(sender.send(requestTo(endpoint.url, { isTooLate: () => performance.now() > notAfterMs }))).rejects.toMatchObject(tooLate);
    expect(await first).toMatchObject({ outcome: 'accepted' });
    expect(await sender.send(requestTo(endpoint.url))).toMatchObject({ outcome: 'accepted' });
    expect(endpoint.requests).toHaveLength(2);
  });

  it('of a process that was stalled past the latest time is not sent', async () => {
    const identity = { ...selfSigned(), maxVersion: 'TLSv1.2' } as const;
    const endpoint = await startEndpoint(ok, identity);
    const gate = await startGate(endpoint);
    const args = [join(import.meta.dirname, 'fixtures/send-late.ts'), gate.url, identity.cert, '1000'];
    const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] });
    onTestFinished(() => void child.kill('SIGKILL'));
    const lines = createInterface(child.stdout)[Symbol.asyncIterator]();
    const moment = Number((await lines.next()).value);
    await until('its connection', () => gate.taken() === 1);
    child.kill('SIGSTOP');
    await until('it to stand still', () => / T /.test(readFileSync(`/proc/${child.pid}/stat`, 'utf8')));
    gate.open();
    await until('its moment to pass', () => Date.now() > moment + 100);
    child.kill('SIGCONT');
    expect((await lines.next()).value).toBe('too_late');
    await once(child, 'exit');
    await until('its connection to end', () => endpoint.connections === 1 && endpoint.open === 0);
    expect(endpoint.bytes).toBe(0);
  });
});
