// `transform` of endpoints over HTTP: refused with the place, shown without its secret, in the audit log; what it makes of an
// event; and the bodies of missed deliveries.
import { describe, expect, it } from 'vitest';
import { uuidOf } from '#domain/ids';
import { apiOfFile } from '../api-of-file.ts';
import { planned, setStatus } from '../deliveries-at-hand.ts';

const { api, tenant } = await apiOfFile();

const url = 'http://127.0.0.1:9/hook';
const unknown = 'ep_019cabf3e1c07d8a9f2b64c1d07e35a8';
const routingKey = 'R0123456789012345678901234567890';
const create = (more: object) => api.post(`/v1/tenants/${tenant}/endpoints`, { url, ...more });
const change = (id: string, more: object) => api.call('PATCH', `/v1/endpoints/${id}`, more);
const shown = async (id: string) => (await api.get(`/v1/endpoints/${id}`)).body.transform;
const shapesOf = async (id: string) =>
  (await api.db.query('select replaced_at is null as current from shapes where endpoint_id = $1 order by created_at', [uuidOf(id)])).rows;

it('a mistake within a preset is named there, not as fields that a template does not have', async () => {
  const transform = { preset: 'slack', text: '{{order.id}}', fields: [{ label: 'Note' }] };
  const { status, body } = await api.post('/v1/transforms/test', { transform, event: { type: 'a.b', data: 1 } });
  expect({ status, paths: body.errors.map(({ path }: { path: string }) => path) }).toEqual({
    status: 422,
    paths: ['transform.text', 'transform.fields[0].value'],
  });
});

describe('the transform of an endpoint', () => {
  it('is null by default, is stored, changed and removed, and kept by other changes', async () => {
    const { id } = await api.makeEndpoint(tenant, url);
    expect(await shown(id)).toBeNull();
    const transform = { template: { zeta: '{{data.a}}', alpha: { $path: 'data.b', $default: 1.5 } } };
    expect((await change(id, { transform })).body.transform).toEqual(transform);
    await change(id, { description: 'other' });
    expect(JSON.stringify(await shown(id))).toBe(JSON.stringify(transform));
    const slack = { preset: 'slack', title: '{{type}}' };
    expect((await change(id, { transform: slack })).body.transform).toEqual(slack);
    expect((await change(id, { transform })).body.transform).toEqual(transform);
    // the same content is the same shape
    expect(await shapesOf(id)).toEqual([{ current: true }, { current: false }]);
    expect((await change(id, { transform: null })).body.transform).toBeNull();
    expect(await shapesOf(id)).toEqual([{ current: false }, { current: false }]);
  });

  it('has a routing key that is never shown, and that *** keeps', async () => {
    const transform = { preset: 'pagerduty', routingKey, severity: 'warning' };
    const { status, body } = await create({ transform });
    expect({ status, transform: body.transform }).toEqual({ status: 201, transform: { ...transform, routingKey: '***' } });
    const again = { ...body.transform, severity: 'info' };
    expect((await change(body.id, { transform: again })).body.transform).toEqual(again);
    const tested = await api.post('/v1/transforms/test', { endpoint: body.id, event: { type: 'a.b', data: 1 } });
    expect(tested.body.body).toMatchObject({ routing_key: '***', payload: { severity: 'info' } });
    const entries = (await api.get(`/v1/audit-log?tenant=${tenant}&limit=5`)).body.data.filter(
      ({ target }: { target: { id: string } }) => target.id === body.id,
    );
    expect(entries.map(({ after }: { after: { transform: unknown } }) => after.transform)).toEqual(['***', '***']);
    const stored = await api.db.query("select encode(sealed, 'escape') as text from shapes where endpoint_id = $1", [uuidOf(body.id)]);
    expect(JSON.stringify([stored.rows, entries, api.logLines])).not.toContain(routingKey);
    await change(body.id, { transform: null });
    expect((await change(body.id, { transform: again })).body.errors).toMatchObject([
      { path: 'transform.routingKey', message: 'is a masked placeholder; send the real value' },
    ]);
  });

  it('has a routing key that does not move to another origin, also not with deliveries that were planned with it', async () => {
    const elsewhere = 'http://127.0.0.1:10/hook';
    const refused = { status: 422, body: { errors: [{ path: 'url', message: expect.stringContaining('a routing key is sent only to') }] } };
    const transform = { preset: 'pagerduty', routingKey };
    const { body } = await create({ transform });
    for (const more of [{}, { transform: null }, { transform: body.transform }, { transform: { template: 1 } }])
      expect(await change(body.id, { url: elsewhere, ...more })).toMatchObject(refused);
    expect((await api.get(`/v1/endpoints/${body.id}`)).body).toMatchObject({ url, transform: { routingKey: '***' } });
    expect((await change(body.id, { url: `${url}/other` })).status).toBe(200);
    expect((await change(body.id, { transform: null })).status).toBe(200);
    expect(await change(body.id, { url: elsewhere })).toMatchObject(refused);
    expect(await change(body.id, { url: elsewhere, transform })).toMatchObject({ status: 200, body: { url: elsewhere } });
    const { id } = await api.makeEndpoint(tenant, url, { transform: { template: 1 } });
    expect((await change(id, { url: elsewhere })).status).toBe(200);
  });

  it.each([
    [{ transform: {} }, 'transform.template', 'is missing: send a template, or a preset'],
    [{ transform: { preset: 'irc' } }, 'transform.preset', 'must be slack, discord, teams or pagerduty'],
    [{ transform: { preset: 'slack', titel: 'x' } }, 'transform.titel', 'unknown field'],
    [{ transform: { preset: 'slack', text: '{{order}}' } }, 'transform.text', expect.stringContaining('must begin with one of id')],
    [{ transform: { preset: 'pagerduty' } }, 'transform.routingKey', 'is missing'],
    [{ transform: { preset: 'pagerduty', routingKey: '***' } }, 'transform.routingKey', 'is a masked placeholder; send the real value'],
    [{ transform: { template: { a: [{ $pth: 'x' }] } } }, 'transform.template.a[0].$pth', expect.stringContaining('is no operator')],
    [{ transform: { template: 1 }, format: 'xml' }, 'transform', expect.stringContaining('format xml')],
    [{ transform: { template: 1 }, batch: { maxEvents: 2, maxWaitMs: 100 } }, 'transform', expect.stringContaining('batch')],
  ])('%j is refused at %s', async (more, path, message) => {
    const { status, body } = await create(more);
    expect({ status, errors: body.errors }).toMatchObject({ status: 422, errors: [{ path, message }] });
    const { id } = await api.makeEndpoint(tenant, url);
    expect((await change(id, more)).status).toBe(422);
    expect(await shapesOf(id)).toEqual([]);
  });

  it('cannot be combined with a format or batches that a change brings', async () => {
    const { id } = await api.makeEndpoint(tenant, url, { transform: { template: {} } });
    expect((await change(id, { format: 'form' })).body.errors[0].path).toBe('transform');
    expect((await change(id, { batch: { maxEvents: 2, maxWaitMs: 100 } })).body.errors[0].path).toBe('transform');
    expect((await change(id, { transform: null, format: 'form' })).status).toBe(200);
  });
});

describe('POST /v1/transforms/test', () => {
  const test = (body: object | string) =>
    api.post('/v1/transforms/test', undefined, { raw: typeof body === 'string' ? body : JSON.stringify(body) });

  it('shows the body with its numbers as they were written, and its size', async () => {
    const response = await fetch(`${api.origin}/v1/transforms/test`, {
      method: 'POST',
      headers: { authorization: 'Bearer test-key-0123456789abcdef', 'content-type': 'application/json' },
      body: '{"transform":{"template":{"n":{"$path":"data.n"},"at":{"$path":"timestamp"}}},"event":{"type":"a.b","data":{"n":12345678901234567890.10},"occurredAt":"2026-03-02T10:15:00+01:00"}}',
    });
    expect(await response.text()).toBe(
      '{"contentType":"application/json","bytes":61,"body":{"n":12345678901234567890.10,"at":"2026-03-02T09:15:00.000Z"}}',
    );
  });

  it('shows what an endpoint gets, also without a transform', async () => {
    const event = { type: 'a.b', data: { x: 1 }, id: 'mine', occurredAt: '2026-03-02T09:15:00Z' };
    const [plain, template] = await Promise.all([
      api.makeEndpoint(tenant, url),
      api.makeEndpoint(tenant, url, { transform: { template: ['{{id}}', { $path: 'data.x' }] } }),
    ]);
    expect((await test({ endpoint: plain.id, event })).body.body).toEqual({
      type: 'a.b',
      timestamp: '2026-03-02T09:15:00.000Z',
      data: { x: 1 },
    });
    expect((await test({ endpoint: template.id, event })).body.body).toEqual(['mine', 1]);
  });

  it.each([
    [{ event: { type: 'a.b', data: 1 } }, 422, 'transform'],
    [{ endpoint: 'ep_x', event: { type: 'a.b', data: 1 } }, 422, 'endpoint'],
    [{ transform: { template: 1 }, endpoint: unknown, event: { type: 'a.b', data: 1 } }, 422, 'transform'],
    [{ endpoint: unknown, event: { type: 'a.b', data: 1 } }, 404, 'endpoint'],
    [{ transform: { template: '{{x}}' }, event: { type: 'a.b', data: 1 } }, 422, 'transform.template'],
    [{ transform: { template: 1 }, event: { type: 'a b', data: 1 } }, 422, 'event.type'],
    ['{"transform":{"template":1},"event":{"type":"a.b","data":1,"data":2}}', 422, 'event.data'],
    [{ transform: { template: Array(9).fill({ $path: 'data' }) }, event: { type: 'a.b', data: 'x'.repeat(200_000) } }, 422, 'event.data'],
  ])('answers %# with the place', async (body, status, path) => {
    const answer = await test(body);
    expect({ status: answer.status, paths: answer.body.errors.map((one: { path: string }) => one.path) }).toEqual({
      status,
      paths: [path],
    });
  });
});

describe('missed deliveries', () => {
  it('have the body that the endpoint would have got when they were planned', async () => {
    const { id } = await api.makeEndpoint(tenant, url, { transform: { template: { order: { $path: 'data.id' }, of: '{{id}}' } } });
    const miss = async () => {
      const event = await api.postEvent(tenant, { data: { id: 7 } });
      const [delivery = ''] = await planned(api, tenant, event, [id]);
      await setStatus(api, delivery, 'dead_lettered');
      return event;
    };
    const first = await miss();
    await change(id, { transform: { template: ['{{type}}'] } });
    await miss();
    await change(id, { transform: null });
    await miss();
    const { body } = await api.get(`/v1/endpoints/${id}/missed?include=body`);
    expect(body.data.map((one: { body: unknown }) => one.body)).toEqual([
      { order: 7, of: first },
      ['order.created'],
      { type: 'order.created', timestamp: expect.any(String), data: { id: 7 } },
    ]);
  });

  it('have bodies in which a routing key is masked', async () => {
    const { id } = await api.makeEndpoint(tenant, url, { transform: { preset: 'pagerduty', routingKey } });
    const event = await api.postEvent(tenant, { data: { id: 7 } });
    const [delivery = ''] = await planned(api, tenant, event, [id]);
    await setStatus(api, delivery, 'dead_lettered');
    const { body } = await api.get(`/v1/endpoints/${id}/missed?include=body`);
    expect(body.data).toMatchObject([{ body: { routing_key: '***', dedup_key: event } }]);
  });
});
