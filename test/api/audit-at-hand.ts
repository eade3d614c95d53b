// Endpoints and deliveries full of secrets for the tests of the audit log, and readers of the log and of exports.

import type { ApiAnswer } from '../support/api.ts';
import { until } from '../support/until.ts';
import { type ApiServer, apiKey } from './api-server.ts';
import { attempted, planned, setStatus } from './deliveries-at-hand.ts';

export const canary = 'canary-7f3a';
export const url = `http://127.0.0.1:9/${canary}/path?token=${canary}`;
export const headers = { 'x-api-key': canary, 'x-other': canary };
export const secret = `whsec_${Buffer.from(canary.padEnd(32, '.')).toString('base64')}`;

export interface Entry {
  seq: number;
  action: string;
  actor: { kind: string; id: string | null };
  tenant: string | null;
  target: { kind: string; id: string };
  before: object | null;
  after: object | null;
  address: string | null;
  requestId: string | null;
}

/** The lines of an export. */
export const linesOf = (body: string) =>
  body
    .split('\n')
    .filter(Boolean)
    .map((line) => JSON.parse(line));

/** `api`: called when a helper runs, which may be long after this. */
export function auditAtHand(api: () => ApiServer) {
  const log = async (query = ''): Promise<Entry[]> => (await api().get(`/v1/audit-log?limit=250${query}`)).body.data;
  const endpoint = async (more = {}) => {
    const tenant = await api().makeTenant();
    return { tenant, ...(await api().makeEndpoint(tenant, url, { headers, secret, ...more })) };
  };

  async function delivery(status: 'retrying' | 'dead_lettered' | 'quarantined', more = {}) {
    const { tenant, id } = await endpoint(more);
    const [made = ''] = await planned(api(), tenant, await api().postEvent(tenant), [id]);
    await setStatus(api(), made, status);
    return { delivery: made, endpoint: id };
  }

  async function testEndpoint(): Promise<ApiAnswer> {
    const { tenant, id } = await endpoint();
    const answer = api().post(`/v1/endpoints/${id}/test`, { data: { canary } });
    const event = await until('the event', async () => (await api().get(`/v1/tenants/${tenant}/events`)).body.data[0]);
    const [made = ''] = await planned(api(), tenant, event.id, [id]);
    await attempted(api(), made, 1, {});
    return answer;
  }

  const order = async (kind: string, status: Parameters<typeof delivery>[0]) =>
    api().post(`/v1/deliveries/${(await delivery(status)).delivery}/${kind}`, { reason: 'ticket 7' });
  const newKey = async (): Promise<string> =>
    (await api().post('/v1/api-keys', { name: 'k', scopes: ['admin'], tenant: await api().makeTenant() })).body.id;
  const newLink = async (): Promise<string> => (await api().post('/v1/portal-links', { tenant: await api().makeTenant() })).body.id;

  const text = async (path: string, origin = api().origin) => {
    const response = await fetch(`${origin}${path}`, { headers: { authorization: `Bearer ${apiKey}` } });
    return { status: response.status, type: response.headers.get('content-type'), body: await response.text() };
  };
  return { log, endpoint, delivery, testEndpoint, order, newKey, newLink, text };
}
