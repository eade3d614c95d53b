// Creates the demo data: tenant `demo` with a sandbox endpoint. With `--demo` it adds an endpoint
// that fails twice, and posts an event every 5 s. Data that exists already is kept.
import { setTimeout as delay } from 'node:timers/promises';
import { hasTenants } from '#db/access/tenants';
import type { Db } from '#db/store/pool';

const everyMs = 5_000;
const types = ['order.created', 'order.paid', 'invoice.sent', 'user.invited'];
const demoEndpoints = '/v1/tenants/demo/endpoints';

export interface DemoOptions {
  /** The origin at which this process reaches its own API. */
  api: string;
  /** The public origin of this server, used in the URLs of the sandbox endpoints. */
  origin: string;
  apiKey: string;
}

/** True for a database without tenants, and whenever `demo` is set. */
export async function wantsDemoTenant(db: Db, demo: boolean): Promise<boolean> {
  return demo || !(await hasTenants(db));
}

/** Creates tenant `demo` and its sandbox endpoint through the API, unless they exist. */
export async function makeDemoTenant({ api, origin, apiKey }: DemoOptions): Promise<void> {
  const call = caller(api, apiKey);
  // 409: it exists, perhaps because another process has just created it
  await call('POST', '/v1/tenants', { id: 'demo', name: 'Demo' }, [409]);
  await ensureEndpoint(call, `${origin}/sandbox/demo`, { description: 'the sandbox receiver of this server' });
}

/** Creates the endpoint that fails twice unless it exists, then posts an event every 5 s until aborted. */
export async function trickle({ api, origin, apiKey }: DemoOptions, signal: AbortSignal): Promise<void> {
  const call = caller(api, apiKey);
  await ensureEndpoint(call, `${origin}/sandbox/fails-twice?script=500,500,200`, {
    description: 'answers 500, 500 and then 200 to each event',
    retry: { schedule: ['3s', '6s', '1m'] },
  });
  for (let n = 0; !signal.aborted; n++) {
    const type = types[n % types.length] ?? 'order.created';
    await call('POST', '/v1/tenants/demo/events', { type, data: { number: n, at: new Date().toISOString() } }).catch(() => undefined);
    await delay(everyMs, undefined, { signal }).catch(() => undefined);
  }
}

type Call = ReturnType<typeof caller>;

/**
 * Looks the endpoint up by URL. An Idempotency-Key would expire after a day, and would not notice that the endpoint was
 * deleted.
 */
async function ensureEndpoint(call: Call, url: string, settings: object): Promise<void> {
  const { data } = (await call('GET', `${demoEndpoints}?limit=250`)) as { data: { url: string }[] };
  if (data.some((endpoint) => endpoint.url === url)) return;
  // 409: the tenant has reached its limit of endpoints
  await call('POST', demoEndpoints, { url, verification: 'none', ...settings }, [409]);
}

function caller(api: string, apiKey: string) {
  return async (method: 'GET' | 'POST', path: string, body?: object, alsoFine: number[] = []): Promise<unknown> => {
    const response = await fetch(`${api}${path}`, {
      method,
      headers: { authorization: `Bearer ${apiKey}`, ...(body && { 'content-type': 'application/json' }) },
      ...(body && { body: JSON.stringify(body) }),
    });
    if (!response.ok && !alsoFine.includes(response.status))
      throw new Error(`${method} ${path}: ${response.status} ${await response.text()}`);
    return response.json();
  };
}
