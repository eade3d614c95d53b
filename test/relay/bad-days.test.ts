// Failures in batched mode: our own code fails for one event of many, or an endpoint never answers.
// Other events and endpoints must not be affected.
import type { ServerResponse } from 'node:http';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { uuidOf } from '#domain/ids';
import { newId } from '#runtime/new-id';
import { sealTarget } from '#sealing/endpoint-target-encryption';
import { startPosthorn, type TestPosthorn } from '../support/posthorn.ts';
import { longLeases, longRequestMs, longRequests } from '../support/quick-timings.ts';
import { type Receiver, startReceiver } from '../support/receiver.ts';
import { until } from '../support/until.ts';

let posthorn: TestPosthorn;
let receiver: Receiver;

beforeAll(async () => {
  [posthorn, receiver] = await Promise.all([
    startPosthorn({
      namespace: 't35',
      env: { POSTHORN_DISPATCH: 'batched', POSTHORN_DISPATCHES_PER_SECOND: '2', LOG_LEVEL: 'fatal' },
      timings: { ...longLeases, shutdown: longRequests.shutdown },
    }),
    startReceiver(),
  ]);
});

afterAll(async () => {
  await posthorn?.stop();
  await receiver?.close();
});

const sql = async (text: string, values: unknown[]) => (await posthorn.database.db.query(text, values)).rows;
const only = async (tenant: string, eventId: string, status: string) =>
  until(`${eventId} ${status}`, async () => {
    const rows = await posthorn.deliveriesOf(tenant, eventId);
    return rows.length === 1 && rows[0]?.status === status && rows[0];
  });

/** Posts this number of events in one request and returns their ids. */
async function postMany(tenant: string, type: string, count: number, more: object[] = []): Promise<string[]> {
  const events = [...Array.from({ length: count }, (_, n) => ({ type, data: { n } })), ...more];
  const { status, body } = await posthorn.post(`/v1/tenants/${tenant}/events/batch`, { events });
  expect(status).toBe(202);
  return body.results.map(({ id }: { id: string }) => id);
}

describe('an event that our own code cannot deliver', () => {
  it.concurrent.each<[string, string, string]>([
    ['a secret that cannot be opened', `update endpoint_secrets set sealed = 'rubbish' where endpoint_id = $1`, 'secret'],
    ['no secret', `update endpoint_secrets set valid_to = now() where endpoint_id = $1`, 'none'],
    ['a header that cannot be sent', 'update endpoints set sealed = $2 where id = $1', 'header'],
    ['a retry policy that is none', `update endpoints set retry = '{}' where id = $1`, 'retry'],
  ])(
    'for %s: the 255 others of its batch are delivered, and only this one is quarantined',
    async (_name, spoil, name) => {
      const tenant = await posthorn.makeTenant();
      await posthorn.makeEndpoint(tenant, `${receiver.url}/fine-${name}`, { eventTypes: ['fine.*'] });
      const bad = await posthorn.makeEndpoint(tenant, `${receiver.url}/bad-${name}`, { eventTypes: ['bad.*'] });
      receiver.answer(`/bad-${name}`, [500]);
      const target = { url: `${receiver.url}/bad-${name}`, headers: { 'x-bad': 'two\nlines' }, auth: null };
      const { sealed } = sealTarget(posthorn.core.vault, bad.id, target);
      await sql(spoil, spoil.includes('$2') ? [uuidOf(bad.id), sealed] : [uuidOf(bad.id)]);
      const ids = await postMany(tenant, 'fine.sent', 255, [{ type: 'bad.sent', data: {} }]);
      const [badId] = ids.splice(-1);

      await until('the others', () => ids.every((id) => receiver.of(id).length > 0));
      const [row] = await until('its row', async () => {
        const rows = await posthorn.deliveriesOf(tenant, badId ?? '');
        return rows.length > 0 && rows;
      });
      await until('its batch to be done', async () => {
        const rows = await sql(
          'select from dispatches where done_at is not null and event_ids @> (select array_agg(event_id) from deliveries where id = $1)',
          [uuidOf(row?.id ?? '')],
        );
        return rows.length === 1;
      });
      await sql(`update deliveries set faults = 8 where id = $1`, [uuidOf(row?.id ?? '')]);
      expect(await only(tenant, badId ?? '', 'quarantined')).toMatchObject({ attempts: 0, faults: 10, workflowId: `delivery/${row?.id}` });
      for (const id of ids) expect(receiver.of(id)).toHaveLength(1);
      expect(receiver.of(badId ?? '')).toEqual([]);
      const others = await sql(
        `select status, own_workflow, count(*)::int as n from deliveries where event_type = 'fine.sent' and tenant_id =
      (select id from tenants where external_id = $1) group by status, own_workflow`,
        [tenant],
      );
      expect(others).toEqual([{ status: 'succeeded', own_workflow: false, n: 255 }]);
    },
    90_000,
  );

  it.concurrent('is dispatched all the same if the failure was not foreseen', async () => {
    const tenant = await posthorn.makeTenant();
    await posthorn.makeEndpoint(tenant, `${receiver.url}/unforeseen`);
    const model = await posthorn.postEvent(tenant);
    await only(tenant, model, 'succeeded');
    const eventId = newId('evt');
    // JavaScript's Date cannot represent such a time
    const columns = 'tenant_id, type, channels, body_timestamp, position';
    await sql(
      `with made as (
        insert into events (id, external_id, expires_at, accepted_at, body, ${columns})
        select $1, 'unforeseen', 'infinity', now(), '{}'::bytea, ${columns} from events where external_id = $2 returning id, tenant_id)
      insert into outbox (event_id, tenant_id) select id, tenant_id from made`,
      [uuidOf(eventId), model],
    );
    await until('its delivery', async () => {
      const rows = await sql('select status from deliveries where event_id = $1', [uuidOf(eventId)]);
      return rows.length === 1 && rows[0].status === 'succeeded';
    });
    expect(receiver.of('unforeseen')).toHaveLength(1);
    await until('its dispatch', async () => (await sql('select from outbox where event_id = $1', [uuidOf(eventId)])).length === 0);
  });
});

describe('an endpoint that never answers', () => {
  it.concurrent.each([
    ['', 32, {}],
    [' with its own limit', 3, { maxInFlight: 3 }],
  ])(
    '%s has no more than its limit in flight, delays no other endpoint, and gets everything when it answers again',
    async (name, cap, endpoint) => {
      const path = `/silent${name.length}`;
      const [tenant, other] = [await posthorn.makeTenant(), await posthorn.makeTenant()];
      await posthorn.makeEndpoint(tenant, receiver.url + path, { eventTypes: ['silent.*'], ...endpoint });
      await posthorn.makeEndpoint(tenant, `${receiver.url}/same-tenant`, { eventTypes: ['fine.*'] });
      await posthorn.makeEndpoint(other, `${receiver.url}/other-tenant`);
      // longer than the API allows: a slow machine needs time for all that follows while nothing is answered
      await sql('update endpoints set timeout_ms = $1', [longRequestMs]);
      const silent: ServerResponse[] = [];
      receiver.answer(path, (_request, response) => void silent.push(response));

      const hanging = await postMany(tenant, 'silent.sent', cap + 20);
      await until('its slots to be in use', () => silent.length === cap);
      const others = (await Promise.all([postMany(tenant, 'fine.sent', 10), postMany(other, 'any.sent', 10)])).flat();
      await until('the others', () => others.every((id) => receiver.of(id).length === 1));
      // deliveries that got no slot within 5 s queue in a lane
      await until('the waiting deliveries to be held', async () => {
        const rows = await Promise.all(hanging.map((id) => posthorn.deliveriesOf(tenant, id)));
        return rows.flat().filter(({ status }) => status === 'held').length === 20;
      });
      expect(silent).toHaveLength(cap);

      receiver.answer(path, [204]);
      for (const response of silent) response.writeHead(204).end();
      for (const id of hanging) await only(tenant, id, 'succeeded');
      for (const id of hanging) expect(receiver.of(id)).toHaveLength(1);
      expect(Math.max(...receiver.requests.filter((request) => request.path === path).map(({ atOnce }) => atOnce))).toBe(cap);
    },
    120_000,
  );
});
