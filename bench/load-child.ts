// The load generator, in its own process: posts streams of events as requested, and reports when
// each event was due, sent and answered.
import { setTimeout as delay } from 'node:timers/promises';
import { type Client, createClient } from './http-client.ts';
import { type LoadAnswer, type LoadOrder, now, type Stream, type StreamResult } from './messages.ts';

const insistForMs = 60_000;
const filling = 'x'.repeat(160);
const sleeper = new Int32Array(new SharedArrayBuffer(4));

const say = (answer: LoadAnswer) => process.send?.(answer);
const isAccepted = (status: number) => status >= 200 && status < 300;

async function run({ origin, apiKey, streams, tellAt }: LoadOrder): Promise<void> {
  const client = createClient(origin, apiKey);
  let accepted = 0;
  const onAccepted = () => {
    accepted += 1;
    if (accepted === tellAt) say({ kind: 'reached' });
  };
  const results = await Promise.all(streams.map((stream) => post(client, stream, onAccepted)));
  client.close();
  say({ kind: 'done', results });
}

async function post(client: Client, stream: Stream, onAccepted: () => void): Promise<StreamResult> {
  const { tenant, prefix, count, ratePerSecond, atOnce = 1, startAfterMs = 0, keys, insist = false } = stream;
  const times = () => new Float64Array(count);
  const result: StreamResult = { due: times(), sent: times(), answered: times(), status: new Uint16Array(count) };
  const path = `/v1/tenants/${tenant}/events`;

  async function one(n: number, due?: number): Promise<void> {
    const key = keys === undefined ? '' : `"orderingKey":"key-${n % keys}",`;
    const body = `{"id":"${prefix}-${n}",${key}"type":"bench.measured","data":{"order":${n},"total":99.9,"filling":"${filling}"}}`;
    const sent = now();
    let status = await client.post(path, body);
    while (insist && !isAccepted(status) && now() - sent < insistForMs) {
      await delay(50);
      status = await client.post(path, body);
    }
    result.due[n] = due ?? sent;
    result.sent[n] = sent;
    result.answered[n] = now();
    result.status[n] = status;
    if (isAccepted(status)) onAccepted();
  }

  await delay(startAfterMs);
  if (ratePerSecond !== undefined) {
    const under = [];
    for (let n = 0, start = now(); n < count; n++) {
      const due = start + (n * 1_000) / ratePerSecond;
      await sleepUntil(due);
      under.push(one(n, due));
    }
    await Promise.all(under);
    return result;
  }
  let next = 0;
  const lane = async () => {
    for (let n = next++; n < count; n = next++) await one(n);
  };
  await Promise.all(Array.from({ length: atOnce }, lane));
  return result;
}

/** Timers fire up to a millisecond late, which would count as latency. The last moment blocks, without a busy loop. */
async function sleepUntil(time: number): Promise<void> {
  const wait = time - now();
  if (wait > 1) await delay(Math.floor(wait) - 1);
  const rest = time - now();
  if (rest > 0) Atomics.wait(sleeper, 0, 0, rest);
}

process.on('message', (order: LoadOrder) => void run(order));
process.on('disconnect', () => process.exit());
