// Fills an installation with what its pages show: for the pictures with what one would see there, for the sweep with texts that
// want to run.
import { type Api, type ApiAnswer, createApi } from '../../support/api.ts';
import { type Receiver, startReceiver } from '../../support/receiver.ts';
import { until } from '../../support/until.ts';

export interface Filling {
  tenant: string;
  /** What event types begin with. */
  prefix: string;
  /** A text that a producer, a consumer or a receiver writes. */
  text(what: string): string;
  /** Deliveries in good health, in addition to the others. */
  delivered: number;
}

export interface Filled {
  /** An example of each parameter in the addresses of pages. */
  params: Record<string, string>;
  /** Of the portal, with its token. */
  portalUrl: string;
  close(): Promise<void>;
}

const once = { initial: '1s', factor: 1, max: '1s', attempts: 1 };

export async function fillInstallation(api: Api & { origin: string }, filling: Filling): Promise<Filled> {
  const { tenant, prefix, text } = filling;
  const receiver = await startReceiver();
  await expectMade(api.post('/v1/tenants', { id: tenant, name: text('Acme'), metadata: { plan: text('business') } }));
  await makeTypes(api, filling);
  const make = (path: string, more: object) => api.makeEndpoint(tenant, `${receiver.url}/${path}`, { description: text(path), ...more });
  const [orders, invoices, users] = await Promise.all([
    make('orders', { eventTypes: [`${prefix}order.*`], metadata: { team: text('team') } }),
    make('invoices', { eventTypes: [`${prefix}invoice.*`], retry: once, headers: { 'x-shop': text('shop').slice(0, 20) } }),
    make('users', { eventTypes: [`${prefix}user.*`], retry: { schedule: ['6h'] } }),
  ]);
  answerAs(receiver, text);
  const event = await postAll(api, filling);
  await api.post(`/v1/endpoints/${orders.id}/pause`);
  await api.postEvent(tenant, { type: `${prefix}order.created`, data: { text: text('held') } });
  const count = async (status: string) => (await api.get(`/v1/deliveries?tenant=${tenant}&status=${status}&limit=250`)).body.data.length;
  await until(
    'the deliveries',
    async () => (await count('dead_lettered')) >= 5 && (await count('retrying')) >= 2 && (await count('held')) >= 1,
  );
  receiver.answer('/invoices', [204]);
  const replay = await halfReplay(api, invoices.id);
  refuseInvoices(receiver, text);
  for (let n = 0; n < 6; n++)
    await api.postEvent(tenant, { type: `${prefix}invoice.sent`, data: { id: `I-${2101 + n}`, text: text('data') } });
  await until('more dead letters', async () => (await count('dead_lettered')) >= 6);
  const delivery = (await api.get(`/v1/deliveries?endpoint=${invoices.id}&status=dead_lettered`)).body.data[0].id;
  const { body: link } = await expectMade(api.post('/v1/portal-links', { tenant }));
  await expectMade(api.post('/v1/alert-channels', { tenant, kind: 'webhook', settings: { url: `${receiver.url}/alerts` } }));
  await expectMade(api.post('/v1/api-keys', { name: text('reporting'), tenant, scopes: ['deliveries:read'] }));
  return {
    params: { tenant, endpoint: users.id, delivery, event, replay, type: `${prefix}order.created` },
    portalUrl: link.url,
    close: () => receiver.close(),
  };
}

async function makeTypes(api: Api, { prefix, text }: Filling): Promise<void> {
  for (const name of ['order.created', 'invoice.sent', 'user.created']) {
    const schema = {
      type: 'object',
      properties: { id: { type: 'string', description: text('id') }, total: { type: 'number' }, text: { type: 'string' } },
    };
    const example = { id: 'A-1001', total: 99.5, text: text('example') };
    await expectMade(
      api.post('/v1/event-types', {
        ...{
          name: `${prefix}${name}`,
          description: text(`when an ${name.replace('.', ' is ')}`),
          group: 'shop',
          schema,
          examples: [example],
        },
      }),
    );
  }
}

function answerAs(receiver: Receiver, text: Filling['text']): void {
  receiver.answer(
    '/orders',
    (_request, response) => void response.writeHead(200, { 'content-type': 'application/json' }).end('{"ok":true}'),
  );
  refuseInvoices(receiver, text);
  receiver.answer('/users', (_request, response) => void response.writeHead(503).end(text('Down for maintenance')));
}

function refuseInvoices(receiver: Receiver, text: Filling['text']): void {
  receiver.answer('/invoices', (_request, response) => void response.writeHead(422, { 'x-said': 'unknown' }).end(text('Unknown customer')));
}

/** Returns the id of an event that could not be delivered. */
async function postAll(api: Api, { tenant, prefix, text, delivered }: Filling): Promise<string> {
  const post = (type: string, data: object) => api.postEvent(tenant, { type: `${prefix}${type}`, data });
  for (let n = 0; n < delivered; n++)
    await post('order.created', { id: `A-${1001 + n}`, total: 20 + ((n * 7919) % 400), text: text('data') });
  for (let n = 0; n < 2; n++) await post('user.created', { id: `U-${n}`, text: text('data') });
  const failed = [];
  for (let n = 0; n < 5; n++) failed.push(await post('invoice.sent', { id: `I-${2001 + n}`, total: 310.5, text: text('data') }));
  return failed[0] ?? '';
}

/** A job that is half done. */
async function halfReplay(api: Api, endpoint: string): Promise<string> {
  const since = new Date(Date.now() - 3_600_000).toISOString();
  const { body: job } = await expectMade(api.post('/v1/replays', { endpoint, since, perSecond: 1 }));
  await until('the job to be half done', async () => (await api.get(`/v1/replays/${job.id}`)).body.succeeded >= 2);
  await api.post(`/v1/replays/${job.id}/pause`);
  return job.id;
}

async function expectMade(answer: Promise<ApiAnswer>): Promise<ApiAnswer> {
  const { status, body } = await answer;
  if (status >= 300) throw new Error(`${status} ${JSON.stringify(body)}`);
  return answer;
}

export const apiAt = (origin: string, key: string) => ({ ...createApi(origin, key), origin });
