// What a first start has to show: tenant `demo` with a sandbox endpoint; with `--demo` also one that fails twice, and a trickle of events.
import { setTimeout as delay } from 'node:timers/promises';
import type { Db } from './db/pool.ts';
import { hasTenants } from './db/tenants.ts';

const everyMs = 5_000;
const types = ['order.created', 'order.paid', 'invoice.sent', 'user.invited'];

export interface DemoOptions {
  db: Db;
  origin: string;
  apiKey: string;
}

/** On an empty store only, through the API as anybody would. True: it was empty. */
export async function makeFirstTenant({ db, origin, apiKey }: DemoOptions): Promise<boolean> {
  if (await hasTenants(db)) return false;
  const post = poster(origin, apiKey);
  await post('/v1/tenants', { id: 'demo', name: 'Demo' });
  await post('/v1/tenants/demo/endpoints', {
    url: `${origin}/sandbox/demo`,
    description: 'the sandbox receiver of this server',
    verification: 'none',
  });
  return true;
}

/** Makes the endpoint that fails twice unless it is there, then posts an event every 5 s until aborted. */
export async function trickle({ origin, apiKey }: DemoOptions, signal: AbortSignal): Promise<void> {
  const post = poster(origin, apiKey);
  await post(
    '/v1/tenants/demo/endpoints',
    {
      url: `${origin}/sandbox/fails-twice?script=500,500,200`,
      description: 'answers 500, 500 and then 200 to each event',
      retry: { schedule: ['3s', '6s', '1m'] },
      verification: 'none',
    },
    'demo-fails-twice',
  );
  for (let n = 0; !signal.aborted; n++) {
    const type = types[n % types.length] ?? 'order.created';
    await post('/v1/tenants/demo/events', { type, data: { number: n, at: new Date().toISOString() } }).catch(() => undefined);
    await delay(everyMs, undefined, { signal }).catch(() => undefined);
  }
}

function poster(origin: string, apiKey: string) {
  return async (path: string, body: object, idempotencyKey?: string): Promise<void> => {
    const response = await fetch(`${origin}${path}`, {
      method: 'POST',
      headers: {
        authorization: `Bearer ${apiKey}`,
        'content-type': 'application/json',
        ...(idempotencyKey && { 'idempotency-key': idempotencyKey }),
      },
      body: JSON.stringify(body),
    });
    if (!response.ok) throw new Error(`POST ${path}: ${response.status} ${await response.text()}`);
  };
}
