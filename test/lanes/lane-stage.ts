// The helpers of the lane tests: endpoints with their own path and event type, and queries about
// them. They work with Posthorn in this process or in others.
import { createHash } from 'node:crypto';
import type { Client } from '@temporalio/client';
import type pg from 'pg';
import type { Api, ApiAnswer, ApiDelivery } from '../support/api.ts';
import { startPosthorn, type TestOptions } from '../support/posthorn.ts';
import { type Received, type Receiver, type Reply, startReceiver } from '../support/receiver.ts';
import { until } from '../support/until.ts';

export interface Where {
  api: Api;
  db: pg.Pool;
  receiver: Receiver;
  temporal: Client;
}

/** The fields of `GET /v1/endpoints/{id}/lane` that tests use. */
export interface LaneView {
  state: 'none' | 'awake' | 'idle' | 'blocked';
  reasons: string[];
  waitingFor: string | null;
  held: number;
  oldestHeldAgeMs: number | null;
  allowance: number | null;
  circuit: { state: string; refusedProbes?: number } | null;
}

export interface LaneEndpoint {
  id: string;
  secret: string;
  path: string;
  type: string;
  tenant: string;
  /**
   * Posts `count` events in order, up to 1,000 in a call, and returns their ids, which are also on the wire. Each
   * carries its number as `data.n`; the first event of the endpoint has 0.
   */
  post(count: number, event?: (n: number) => object): Promise<string[]>;
  requests(): Received[];
  /** The numbers of the accepted events, each once, in the order of the responses. */
  accepted(): number[];
  answer(reply: Reply | number[]): void;
  lane(): Promise<LaneView>;
  /** Resolves when the lane rests and waits for this. */
  waitsFor(reason: string): Promise<LaneView>;
  /** Resolves when there is nothing to do: the lane is idle, or there is none any more. */
  rests(): Promise<void>;
  act(name: 'pause' | 'resume' | 'skip-head', body?: object): Promise<ApiAnswer>;
  change(settings: object): Promise<void>;
  show(): Promise<ApiAnswer['body']>;
  sequence(orderingKey?: string): Promise<ApiAnswer['body']>;
  delivery(eventId: string): Promise<ApiDelivery>;
  command(eventId: string, kind: 'cancel' | 'replay' | 'retry-now'): Promise<ApiAnswer>;
  /** The number of deliveries in each status. */
  statuses(): Promise<Record<string, number>>;
  /** Resolves when `count` deliveries have this status. */
  reach(status: string, count: number, withinMs?: number): Promise<void>;
  /** The open workflows of the endpoint. Temporal's visibility may be a moment late. */
  openWorkflows(): Promise<string[]>;
}

let endpoints = 0;

export async function makeLane({ api, db, receiver, temporal }: Where, tenant: string, settings: object = {}): Promise<LaneEndpoint> {
  const name = `lane${++endpoints}`;
  const [path, type] = [`/${name}`, `${name}.sent`];
  const { id, secret } = await api.makeEndpoint(tenant, receiver.url + path, { eventTypes: [type], ...settings });
  let posted = 0;
  const requests = () => receiver.requests.filter((request) => request.path === path);
  const lane = async (): Promise<LaneView> => succeeded(await api.get(`/v1/endpoints/${id}/lane`));
  async function statuses(): Promise<Record<string, number>> {
    const { rows } = await db.query<{ status: string; count: number }>(
      'select status, count(*)::int as count from deliveries where endpoint_id = $1 group by status',
      [id.slice('ep_'.length)],
    );
    return Object.fromEntries(rows.map(({ status, count }) => [status, count]));
  }
  const delivery = (eventId: string) =>
    until(`the delivery of ${eventId}`, async () => (await api.deliveriesOf(tenant, eventId)).find(({ endpoint }) => endpoint === id));

  return {
    id,
    secret,
    path,
    type,
    tenant,
    async post(count, event = () => ({})) {
      const numbers = Array.from({ length: count }, () => posted++);
      const events = numbers.map((n) => ({ id: `${name}-${n}`, type, data: { n }, ...event(n) }));
      for (let from = 0; from < count; from += 1_000) {
        succeeded(await api.post(`/v1/tenants/${tenant}/events/batch`, { events: events.slice(from, from + 1_000) }));
      }
      return events.map((each) => each.id);
    },
    requests,
    accepted: () => acceptedOf(requests()),
    answer: (reply) => receiver.answer(path, reply),
    lane,
    waitsFor: (reason) =>
      until(`${name} to wait for ${reason}`, async () => {
        const view = await lane();
        if (view.state !== 'blocked' || view.waitingFor !== reason) throw new Error(`it is ${view.state}, ${view.waitingFor}`);
        return view;
      }),
    rests: () => until(`${name} to rest`, async () => ['idle', 'none'].includes((await lane()).state)).then(() => undefined),
    act: (action, body) => api.post(`/v1/endpoints/${id}/${action}`, body),
    change: async (change) => void succeeded(await api.call('PATCH', `/v1/endpoints/${id}`, change)),
    show: async () => succeeded(await api.get(`/v1/endpoints/${id}`)),
    sequence: async (key) =>
      succeeded(await api.get(`/v1/endpoints/${id}/sequence${key === undefined ? '' : `?orderingKey=${encodeURIComponent(key)}`}`)),
    delivery,
    command: async (eventId, kind) => api.post(`/v1/deliveries/${(await delivery(eventId)).id}/${kind}`),
    statuses,
    reach: (status, count, withinMs) =>
      until(
        `${count} deliveries of ${name} ${status}`,
        async () => {
          const now = await statuses();
          if (now[status] !== count) throw new Error(JSON.stringify(now));
          return true;
        },
        withinMs,
      ).then(() => undefined),
    async openWorkflows() {
      const open: string[] = [];
      const query = `PosthornEndpoint = '${id}' and ExecutionStatus = 'Running'`;
      for await (const { workflowId } of temporal.workflow.list({ query })) open.push(workflowId);
      return open;
    },
  };
}

function succeeded({ status, body }: ApiAnswer): ApiAnswer['body'] {
  if (status >= 300) throw new Error(`${status}: ${JSON.stringify(body)}`);
  return body;
}

/** The numbers in a request: one, or those of its batch. */
export function numbersIn({ body }: Received): number[] {
  const told = JSON.parse(body.toString()) as { data: { n: number } } | { data: { n: number } }[];
  return [told].flat().map(({ data }) => data.n);
}

export function acceptedOf(requests: Received[]): number[] {
  const answeredAt = (request: Received) => (isAccepted(request) ? (request.answered?.at ?? 0) : Number.POSITIVE_INFINITY);
  const inOrder = requests.filter(isAccepted).toSorted((a, b) => answeredAt(a) - answeredAt(b));
  return [...new Set(inOrder.flatMap(numbersIn))];
}

const isAccepted = ({ answered }: Received) => answered !== null && answered.status >= 200 && answered.status < 300;

export const sequenceOf = ({ headers }: Received) => Number(headers['posthorn-sequence']);

export const upTo = (count: number) => Array.from({ length: count }, (_, n) => n);

/** A number from 0 to 1 that depends only on the text, so that a failed run can be repeated with its seed. */
export const chance = (text: string) => createHash('sha256').update(text).digest().readUInt32BE() / 2 ** 32;

/** A Posthorn in this process with its own tenant. */
export async function openLaneStage(
  namespace: string,
  env: Record<string, string> = {},
  options: Pick<TestOptions, 'logTo' | 'timings'> = {},
) {
  const [posthorn, receiver] = await Promise.all([
    startPosthorn({ namespace, env: { POSTHORN_DISPATCH: 'adaptive', ...env }, ...options }),
    startReceiver(),
  ]);
  const where: Where = { api: posthorn, db: posthorn.database.db, receiver, temporal: posthorn.temporal };
  const tenant = await posthorn.makeTenant();
  return {
    posthorn,
    receiver,
    tenant,
    where,
    endpoint: (settings?: object) => makeLane(where, tenant, settings),
    async close() {
      await posthorn.stop();
      await receiver.close();
    },
  };
}
export type LaneStage = Awaited<ReturnType<typeof openLaneStage>>;
