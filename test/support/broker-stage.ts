// What the tests of brokers share: a tenant with an endpoint, and a gate before the API.
import { type Gate, startGate } from './gate.ts';
import { type TestPosthorn, testApiKey } from './posthorn.ts';
import { type Receiver, startReceiver } from './receiver.ts';
import { until } from './until.ts';

export interface BrokerStage {
  tenant: string;
  gate: Gate;
  receiver: Receiver;
  /** For `posthorn ingest`. */
  env: Record<string, string>;
  /** The ids of the tenant's events, sorted. */
  events(): Promise<string[]>;
  /** Resolves when the tenant has so many events, to their ids. */
  eventCount(count: number): Promise<string[]>;
}

export async function openBrokerStage(posthorn: TestPosthorn, onTestFinished: (end: () => Promise<void>) => void): Promise<BrokerStage> {
  const [tenant, gate, receiver] = await Promise.all([posthorn.makeTenant(), startGate(posthorn.origin), startReceiver()]);
  onTestFinished(receiver.close);
  onTestFinished(gate.close);
  await posthorn.makeEndpoint(tenant, `${receiver.url}/hook`, { eventTypes: ['order.*', 'usual.*', 'a.*'] });
  const events = async (): Promise<string[]> => {
    const { body } = await posthorn.get(`/v1/tenants/${tenant}/events?limit=250`);
    return body.data.map(({ id }: { id: string }) => id).sort();
  };
  return {
    tenant,
    gate,
    receiver,
    env: { POSTHORN_URL: gate.url, POSTHORN_API_KEY: testApiKey, POSTHORN_INGEST_TENANT: tenant },
    events,
    eventCount: (count) =>
      until(`${count} events`, async () => {
        const ids = await events();
        return ids.length >= count && ids;
      }),
  };
}

/** All events of a tenant. Each id counts once: that is what the store promises. */
export async function countEvents({ core }: TestPosthorn, tenant: string): Promise<number> {
  const { rows } = await core.db.query<{ count: number }>(
    'select count(*) from events e join tenants t on t.id = e.tenant_id where t.external_id = $1',
    [tenant],
  );
  return rows[0]?.count ?? 0;
}
