// An adapter for `--beside`, and the example for others: a server that stores nothing and posts each event once to each
// endpoint that wants it. It shows what HTTP alone costs on this machine.
import { once } from 'node:events';
import { Agent, createServer, request } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createInterface } from 'node:readline';
import type { BesideOrder } from './beside.ts';

const agent = new Agent({ keepAlive: true, maxSockets: 64 });

const [line] = await once(createInterface({ input: process.stdin }), 'line');
const { endpoints, tenants: names } = JSON.parse(line) as BesideOrder;
const tenants = new Set(names);
const ofAllTypes = endpoints.filter(({ eventTypes }) => eventTypes === undefined);
const byType = Map.groupBy(
  endpoints.flatMap((endpoint) => (endpoint.eventTypes ?? []).map((type) => ({ ...endpoint, type }))),
  ({ type }) => type,
);

const server = createServer((incoming, response) => {
  const chunks: Buffer[] = [];
  incoming.on('data', (chunk: Buffer) => chunks.push(chunk));
  incoming.on('end', () => {
    const body = Buffer.concat(chunks);
    const isOurs = tenants.has(incoming.url?.split('/')[1] ?? '');
    response.writeHead(isOurs ? 202 : 404, { 'content-length': 0 }).end();
    if (!isOurs) return;
    const { type } = JSON.parse(body.toString()) as { type: string };
    for (const { url } of [...ofAllTypes, ...(byType.get(type) ?? [])]) post(url, body);
  });
});

function post(url: string, body: Buffer): void {
  const headers = { 'content-type': 'application/json', 'content-length': body.length };
  const outgoing = request(url, { method: 'POST', agent, headers }, (answer) => answer.resume());
  outgoing.on('error', () => undefined);
  outgoing.end(body);
}

server.listen(0, '127.0.0.1');
await once(server, 'listening');
const { port } = server.address() as AddressInfo;
const ready = { post: `http://127.0.0.1:${port}/{tenant}/events`, body: '{"id":"{id}","type":"{type}","data":{data}}' };
process.stdout.write(`${JSON.stringify(ready)}\n`);
