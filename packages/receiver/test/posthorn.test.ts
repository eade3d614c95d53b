// Receivers behind a real Posthorn: what it sends is what the package expects.
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect, onTestFinished } from 'vitest';
import { withPosthorn } from '../../../test/support/shared-posthorn.ts';
import { until } from '../../../test/support/until.ts';
import { memoryInbox } from '../src/inbox/memory.ts';
import { createReceiver, expressReceiver, type ReceiverOptions, Unrecoverable, type WebhookEvent } from '../src/index.ts';
import { remoteAddresses, remoteJwks } from '../src/remote.ts';
import { rfc9421 } from '../src/schemes.ts';

type Event = WebhookEvent<string, { k: string; n: number }>;

/** A receiver on a port of its own, whose secret is set when its endpoint exists. */
async function openReceiver(options: Partial<ReceiverOptions> = {}, fail: (event: Event) => void = () => undefined) {
  const handled: Event[] = [];
  const lines: Record<string, unknown>[] = [];
  const write = (fields: object, msg: string) => void lines.push({ msg, ...fields });
  const of = { secret: '', url: '' };
  const receiver = createReceiver({
    secrets: () => of.secret,
    inbox: memoryInbox(),
    pollMs: 50,
    log: { info: write, warn: write, error: write },
    ...options,
  });
  receiver.on('*', (event) => {
    fail(event as Event);
    handled.push(event as Event);
  });
  await receiver.start();
  const server = createServer(expressReceiver(receiver));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  of.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/hooks`;
  onTestFinished(async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
    await receiver.stop();
  });
  return { receiver, handled, lines, of };
}

const said = (lines: Record<string, unknown>[], msg: string) => lines.filter((line) => line.msg === msg);

withPosthorn('an endpoint ordered by key: each key in its order, without gaps', async ({ posthorn }) => {
  const key = ({ data }: WebhookEvent) => (data as { k: string }).k;
  const { receiver, handled, lines, of } = await openReceiver({ order: { key } });
  const tenant = await posthorn.makeTenant();
  of.secret = (await posthorn.makeEndpoint(tenant, of.url, { ordering: 'key' })).secret;
  const events = Array.from({ length: 12 }, (_, n) => ({ type: 'a.b', orderingKey: `k${n % 3}`, data: { k: `k${n % 3}`, n } }));
  expect((await posthorn.post(`/v1/tenants/${tenant}/events/batch`, { events })).status).toBe(202);
  await until('all events', () => handled.length === events.length);
  for (const k of ['k0', 'k1', 'k2']) {
    const own = handled.filter(({ data }) => data.k === k);
    expect(own.map(({ sequence }) => sequence)).toEqual([1, 2, 3, 4]);
    expect(own.map(({ data }) => data.n)).toEqual(own.map(({ data }) => data.n).sort((a, b) => a - b));
  }
  expect([await receiver.gaps(), said(lines, 'webhook.rejected')]).toEqual([[], []]);
});

withPosthorn('a batching endpoint: its events one by one', async ({ posthorn }) => {
  const { handled, of } = await openReceiver();
  const tenant = await posthorn.makeTenant();
  of.secret = (await posthorn.makeEndpoint(tenant, of.url, { batch: { maxEvents: 10, maxWaitMs: 300 } })).secret;
  const events = Array.from({ length: 7 }, (_, n) => ({ type: 'a.b', id: `in-batch-${n}`, data: { n } }));
  await posthorn.post(`/v1/tenants/${tenant}/events/batch`, { events });
  await until('all events', () => handled.length === events.length);
  expect(handled.map(({ id }) => id).sort()).toEqual(events.map(({ id }) => id));
  expect(handled.every(({ batch, delivery }) => batch?.startsWith('bat_') && delivery === null)).toBe(true);
});

withPosthorn('v1a and RFC 9421 by the JWK set of the tenant', async ({ posthorn }) => {
  const tenant = await posthorn.makeTenant();
  const secrets = remoteJwks(`${posthorn.origin}/.well-known/tenants/${tenant}/jwks.json`);
  const of = { url: '' };
  const byMessage = await openReceiver({ secrets, scheme: (...given) => rfc9421({ url: of.url })(...given) });
  of.url = byMessage.of.url;
  const byKey = await openReceiver({ secrets });
  await posthorn.makeEndpoint(tenant, byKey.of.url, { signing: { schemes: ['v1a'] } });
  await posthorn.makeEndpoint(tenant, byMessage.of.url, { signing: { schemes: [], messageSignatures: { algorithm: 'ed25519' } } });
  const id = await posthorn.postEvent(tenant, { data: { k: 'é', n: 1 } });
  for (const { handled } of [byKey, byMessage]) await until('the event', () => handled.length === 1 && handled[0]?.id === id);
});

withPosthorn('agrees to receive webhooks when Posthorn asks', async ({ posthorn }) => {
  const { handled, of } = await openReceiver();
  const tenant = await posthorn.makeTenant();
  of.secret = `whsec_${Buffer.alloc(32, 3).toString('base64')}`;
  const { id } = await posthorn.makeEndpoint(tenant, of.url, { verification: 'echo', secret: of.secret });
  await until('the agreement', async () => (await posthorn.get(`/v1/endpoints/${id}`)).body.verification.state === 'verified');
  await posthorn.postEvent(tenant);
  await until('the event', () => handled.length === 1);
});

withPosthorn('a replay revives a dead letter of the receiver, and nothing that is done', async ({ posthorn }) => {
  let isBroken = true;
  const { handled, lines, of, receiver } = await openReceiver({}, () => {
    if (isBroken) throw new Unrecoverable('no such customer');
  });
  const tenant = await posthorn.makeTenant();
  of.secret = (await posthorn.makeEndpoint(tenant, of.url)).secret;
  const event = await posthorn.postEvent(tenant);
  await until('the dead letter', async () => (await receiver.deadLetters.list()).length === 1);
  isBroken = false;
  const delivery = await until('the delivery', async () =>
    (await posthorn.deliveriesOf(tenant, event)).find(({ status }) => status === 'succeeded'),
  );
  const replay = async (round: number) => {
    expect((await posthorn.post(`/v1/deliveries/${delivery.id}/replay`)).status).toBe(202);
    await until('the replay', () => said(lines, 'webhook.received').some((line) => line.replay === String(round)));
  };
  await replay(2);
  await until('the work', () => handled.length === 1);
  expect(handled[0]).toMatchObject({ id: event, replay: 2 });
  await until('its end', async () => (await posthorn.deliveriesOf(tenant, event)).every(({ status }) => status === 'succeeded'));
  await replay(3);
  expect(said(lines, 'webhook.received').at(-1)).toMatchObject({ duplicates: 1, accepted: 0, revived: 0 });
  expect(handled).toHaveLength(1);
});

withPosthorn('allowFrom by /v1/meta: 503 while the operator publishes no address, so nothing is lost', async ({ posthorn }) => {
  const { lines, of } = await openReceiver({ allowFrom: remoteAddresses(`${posthorn.origin}/v1/meta`) });
  const tenant = await posthorn.makeTenant();
  of.secret = (await posthorn.makeEndpoint(tenant, of.url)).secret;
  await posthorn.postEvent(tenant);
  const line = await until('the refusal', () => said(lines, 'webhook.rejected')[0]);
  expect(line).toMatchObject({ status: 503, reason: 'allow_list_unavailable', detail: expect.stringContaining('POSTHORN_EGRESS_IPS') });
});
