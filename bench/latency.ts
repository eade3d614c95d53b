// `node bench/latency.ts [events] [gap in ms]`: measures the latency of single events on an idle
// machine, from sending the producer's request until the endpoint has the whole request.
// Starts a Posthorn on empty stores and posts one event at a time.
import { spawn } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as delay } from 'node:timers/promises';

const events = Number(process.argv[2] ?? 50);
const gapMs = Number(process.argv[3] ?? 400);
const key = 'bench-key-0123456789abcdef';
const arrived = new Map<string, (at: number) => void>();

const receiver = createServer((request, response) => {
  request.resume().on('end', () => {
    arrived.get(String(request.headers['webhook-id']))?.(performance.now());
    response.writeHead(204).end();
  });
});
await new Promise<void>((resolve) => receiver.listen(0, '127.0.0.1', resolve));
const receiverUrl = `http://127.0.0.1:${(receiver.address() as AddressInfo).port}/`;

const folder = await mkdtemp(join(tmpdir(), 'posthorn-bench-'));
const posthorn = spawn(process.execPath, [join(import.meta.dirname, '../src/cli/main.ts'), 'start'], {
  stdio: ['ignore', 'pipe', 'inherit'],
  env: {
    ...process.env,
    PORT: '0',
    TEMPORAL_UI_PORT: '0',
    POSTHORN_DATA_DIR: folder,
    POSTHORN_API_KEY: key,
    POSTHORN_ALLOW_CIDRS: '127.0.0.0/8',
    LOG_LEVEL: 'warn',
  },
});
const exited = new Promise((resolve) => posthorn.once('exit', resolve));

try {
  const origin = await originOf(posthorn.stdout);
  const post = (path: string, body: object) =>
    fetch(`${origin}${path}`, {
      method: 'POST',
      headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
      body: JSON.stringify(body),
    });
  await post('/v1/tenants', { id: 'bench', name: 'bench' });
  await post('/v1/tenants/bench/endpoints', { url: receiverUrl });
  const accepted: number[] = [];
  const delivered: number[] = [];
  for (let n = -10; n < events; n++) {
    const id = `event-${n + 10}`;
    const sentAt = performance.now();
    const arrival = new Promise<number>((resolve) => arrived.set(id, resolve));
    await post('/v1/tenants/bench/events', { id, type: 'bench.latency', data: { n } });
    const acceptedMs = performance.now() - sentAt;
    const deliveredMs = (await Promise.race([arrival, delay(30_000, Number.NaN)])) - sentAt;
    // the first ten events are the warm-up
    if (n >= 0) {
      accepted.push(acceptedMs);
      delivered.push(deliveredMs);
    }
    await delay(gapMs);
  }
  print('accepted', accepted);
  print('delivered', delivered);
} finally {
  posthorn.kill('SIGTERM');
  await exited;
  receiver.close();
  await rm(folder, { recursive: true, force: true });
}

async function originOf(output: NodeJS.ReadableStream): Promise<string> {
  for await (const line of createInterface({ input: output })) {
    const found = /^ {2}API +(\S+)\/v1$/.exec(line);
    if (found?.[1]) return found[1];
  }
  throw new Error('Posthorn did not start');
}

function print(what: string, times: number[]): void {
  const sorted = times.toSorted((a, b) => a - b);
  const at = (share: number) => (sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN).toFixed(1);
  process.stdout.write(`${what}: n ${sorted.length}, min ${at(0)}, p50 ${at(0.5)}, p90 ${at(0.9)}, p99 ${at(0.99)}, max ${at(1)} ms\n`);
}
