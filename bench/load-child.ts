// The load generator, in its own process: posts streams of events as requested, and reports when
// each event was due, sent and answered.
import { setTimeout as delay } from 'node:timers/promises';
import { type Client, createClient } from './http-client.ts';
import { type LoadAnswer, type LoadOrder, now, type RequestForm, type Stream, type StreamResult, tenantOf, typeOf } from './messages.ts';

const insistForMs = 60_000;
const filling = 'x'.repeat(160);
const sleeper = new Int32Array(new SharedArrayBuffer(4));

const say = (answer: LoadAnswer) => process.send?.(answer);
const isAccepted = (status: number) => status >= 200 && status < 300;

async function run({ origin, apiKey, form, streams, tellAt }: LoadOrder): Promise<void> {
  const client = createClient(origin, form ? form.headers : { authorization: `Bearer ${apiKey}` });
  let accepted = 0;
  const onAccepted = () => {
    accepted += 1;
    if (accepted === tellAt) say({ kind: 'reached' });
  };
  const results = await Promise.all(streams.map((stream) => post(client, stream, { form, onAccepted })));
  client.close();
  say({ kind: 'done', results });
}

/** Of event n. */
function requestOf(stream: Stream, n: number): { path: string; body: string } {
  const { prefix, keys } = stream;
  const key = keys === undefined ? '' : `"orderingKey":"key-${n % keys}",`;
  const body = `{"id":"${prefix}-${n}",${key}"type":"${typeOf(stream, n)}","data":${dataOf(n)}}`;
  return { path: `/v1/tenants/${tenantOf(stream, n)}/events`, body };
}

/** Also the data name the event, because not every server sends its producer's id. */
function filledIn({ path, body }: RequestForm, stream: Stream, n: number): { path: string; body: string } {
  const id = `${stream.prefix}-${n}`;
  const parts: Record<string, string> = {
    '{tenant}': tenantOf(stream, n),
    '{id}': id,
    '{type}': typeOf(stream, n),
    '{data}': `{"benchId":"${id}",${dataOf(n).slice(1)}`,
  };
  const fill = (text: string) => text.replaceAll(/\{(?:tenant|id|type|data)\}/g, (name) => parts[name] ?? name);
  return { path: fill(path), body: fill(body) };
}

const dataOf = (n: number) => `{"order":${n},"total":99.9,"filling":"${filling}"}`;

async function post(
  client: Client,
  stream: Stream,
  { form, onAccepted }: { form?: RequestForm; onAccepted: () => void },
): Promise<StreamResult> {
  const { count, ratePerSecond, atOnce = 1, startAfterMs = 0, insist = false } = stream;
  const times = () => new Float64Array(count);
  const result: StreamResult = { due: times(), sent: times(), answered: times(), status: new Uint16Array(count) };

  async function one(n: number, due?: number): Promise<void> {
    const { path, body } = form ? filledIn(form, stream, n) : requestOf(stream, n);
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
