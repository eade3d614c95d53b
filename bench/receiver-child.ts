// The endpoints, in their own process: `?ms=` delays the answer; `?percent=` refuses the first two
// requests of this share of webhook-ids; `?mayFail` refuses while `down`; `?trusted` verifies
// signatures; `idInBody` reads the id of the event from its data. Records when each webhook-id arrived at each path.
import { createHash } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { verify } from '#receiver';
import { type Collected, now, type ReceiverAnswer, type ReceiverOrder, type Trusted } from './messages.ts';

const refusals = 2;

interface Arrivals {
  firstAt: number;
  deliveredAt: number;
  requests: number;
  open: number;
  duplicates: number;
}

interface Run {
  arrivals: Map<string, Arrivals>;
  delivered: number;
  requests: number;
}

const runs = new Map<string, Run>();
let open = 0;
let down = false;
let trusted: Trusted = { secrets: [], publicKeys: [] };
const unverified = { checked: 0, bySecret: 0, byKey: 0 };

const server = createServer((request, response) => {
  if (request.url?.includes('?trusted')) check(request);
  if (request.url?.includes('idInBody')) return void arriveByBody(request, response);
  request.resume().on('end', () => arrive(request.url ?? '/', String(request.headers['webhook-id']), response));
});

async function arriveByBody(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const body = Buffer.concat(await request.toArray()).toString();
  // in whatever envelope, also as text in JSON
  const id = /benchId\\*":\s*\\*"([\w-]+)/.exec(body)?.[1];
  arrive(request.url ?? '/', id ?? 'unknown-0', response);
}

function check(request: IncomingMessage): void {
  const chunks: Buffer[] = [];
  request.on('data', (chunk: Buffer) => chunks.push(chunk));
  request.on('end', () => {
    const verifies = (by: string[]) => {
      try {
        return verify(Buffer.concat(chunks), request.headers, by).id !== '';
      } catch {
        return false;
      }
    };
    unverified.checked += 1;
    if (!verifies(trusted.secrets)) unverified.bySecret += 1;
    if (!verifies(trusted.publicKeys)) unverified.byKey += 1;
  });
}

function arrive(url: string, id: string, response: ServerResponse): void {
  const run = runOf(id.slice(0, id.lastIndexOf('-')));
  const [, query = ''] = url.split('?');
  const key = `${id} ${url}`;
  let arrivals = run.arrivals.get(key);
  if (!arrivals) {
    arrivals = { firstAt: now(), deliveredAt: Number.NaN, requests: 0, open: 0, duplicates: 0 };
    run.arrivals.set(key, arrivals);
  }
  if (arrivals.open > 0 || !Number.isNaN(arrivals.deliveredAt)) arrivals.duplicates += 1;
  arrivals.requests += 1;
  run.requests += 1;
  answer(response, run, arrivals, { query, id });
}

function answer(response: ServerResponse, run: Run, arrivals: Arrivals, { query, id }: { query: string; id: string }): void {
  const asked = new URLSearchParams(query);
  const isDown = down && asked.has('mayFail');
  const refuse = isDown || (arrivals.requests <= refusals && share(id) < Number(asked.get('percent') ?? 0));
  arrivals.open += 1;
  open += 1;
  response.once('close', () => {
    arrivals.open -= 1;
    open -= 1;
  });
  const end = () => {
    if (response.destroyed) return;
    response.writeHead(refuse ? 500 : 204).end();
    if (refuse || !Number.isNaN(arrivals.deliveredAt)) return;
    arrivals.deliveredAt = now();
    run.delivered += 1;
  };
  const ms = Number(asked.get('ms') ?? 0);
  if (ms > 0) setTimeout(end, ms);
  else end();
}

const share = (id: string) => createHash('sha256').update(id).digest().readUInt32BE() % 100;

function runOf(prefix: string): Run {
  const known = runs.get(prefix);
  if (known) return known;
  const made = { arrivals: new Map(), delivered: 0, requests: 0 };
  runs.set(prefix, made);
  return made;
}

function collect(prefix: string): Collected {
  const { arrivals, requests } = runOf(prefix);
  const all = [...arrivals.values()];
  return {
    kind: 'collected',
    ids: [...arrivals.keys()].map((key) => key.slice(0, key.indexOf(' '))),
    firstAt: Float64Array.from(all, ({ firstAt }) => firstAt),
    deliveredAt: Float64Array.from(all, ({ deliveredAt }) => deliveredAt),
    duplicates: all.reduce((sum, { duplicates }) => sum + duplicates, 0),
    requests,
  };
}

// the bench may have ended meanwhile
const say = (message: ReceiverAnswer) => process.send?.(message, () => undefined);

process.on('message', (order: ReceiverOrder) => {
  if (order.kind === 'down') {
    down = order.down;
    return;
  }
  if (order.kind === 'trust') {
    trusted = order.trusted;
    return;
  }
  if (order.kind === 'unverified') return void say({ kind: 'unverified', ...unverified });
  const { kind, prefix } = order;
  const { delivered, requests } = runOf(prefix);
  say(kind === 'collect' ? collect(prefix) : { kind: 'progress', delivered, requests, open });
});
process.on('disconnect', () => process.exit());
server.keepAliveTimeout = 120_000;
server.listen(0, '127.0.0.1', () => say({ kind: 'listening', port: (server.address() as AddressInfo).port }));
