// Many slow clients post at once without a key: the memory for all their bodies together is
// limited.
import { createServer, type IncomingMessage } from 'node:http';
import { type AddressInfo, connect, type Socket } from 'node:net';
import { expect, it, onTestFinished } from 'vitest';
import { createReadBody, type SandboxBody } from '#sandbox/read-body';
import { until } from '../support/until.ts';

/** Reads bodies with a shared limit of 1,000 bytes, and answers when a body is complete. */
async function startReader() {
  const readBody = createReadBody(1_000);
  const bodies: (SandboxBody | null)[] = [];
  let arrived = 0;
  const server = createServer(async (request: IncomingMessage, response) => {
    request.on('data', (chunk: Buffer) => {
      arrived += chunk.length;
    });
    bodies.push(await readBody(request));
    response.end();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    return new Promise<void>((resolve) => server.close(() => resolve()));
  });
  const { port } = server.address() as AddressInfo;
  return { port, bodies, arrived: () => arrived, post: (body: string) => fetch(`http://127.0.0.1:${port}`, { method: 'POST', body }) };
}

function slowClient(port: number, sends: string): Socket {
  const socket = connect(port, '127.0.0.1');
  onTestFinished(() => void socket.destroy());
  socket.write(`POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 900\r\n\r\n${sends}`);
  return socket;
}

it('keeps bodies up to the shared limit, and frees the memory when a body ends', async () => {
  const { port, bodies, arrived, post } = await startReader();
  const slow = slowClient(port, 'x'.repeat(800));
  await until('the slow one read', () => arrived() === 800);
  await post('y'.repeat(600));
  expect(bodies).toEqual([{ start: Buffer.from('y'.repeat(200)), bytes: 600 }]);
  slow.write('x'.repeat(100));
  await until('the slow one ended', () => bodies.length === 2);
  expect(bodies[1]).toEqual({ start: Buffer.from('x'.repeat(900)), bytes: 900 });
  await post('z'.repeat(1_000));
  expect(bodies[2]).toEqual({ start: Buffer.from('z'.repeat(1_000)), bytes: 1_000 });
});

it('frees the memory of a client that disconnects in the middle', async () => {
  const { port, bodies, arrived, post } = await startReader();
  const slow = slowClient(port, 'x'.repeat(800));
  await until('the slow one read', () => arrived() === 800);
  slow.destroy();
  await until('it has gone', () => bodies.length === 1);
  expect(bodies[0]).toBeNull();
  await post('z'.repeat(1_000));
  expect(bodies[1]?.start).toHaveLength(1_000);
});
