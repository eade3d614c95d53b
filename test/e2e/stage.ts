// The stage of end-to-end tests: one Posthorn in individual mode, one receiver, one tenant.
// Each scene gets its own path and event type.
import type { ServerResponse } from 'node:http';
import type { WorkflowHandle } from '@temporalio/client';
import type { ApiAnswer, ApiDelivery } from '../support/api.ts';
import { startPosthorn, type TestOptions, type TestPosthorn } from '../support/posthorn.ts';
import { type Received, type Receiver, type Reply, startReceiver } from '../support/receiver.ts';
import { until } from '../support/until.ts';

export interface Scene {
  /** The status to wait for, or several alternatives, such as `retrying or held`. */
  until: string;
  answer?: Reply | number[];
  retry?: object;
  endpoint?: object;
  event?: object;
}

/** One event and its delivery to the only endpoint that wants it. */
export interface Sent {
  /** The id of the delivery. */
  id: string;
  eventId: string;
  type: string;
  path: string;
  endpoint: { id: string; secret: string };
  handle: WorkflowHandle;
  row(): Promise<ApiDelivery>;
  reach(status: string, withinMs?: number): Promise<ApiDelivery>;
  /** Gives a command by the API: `POST …/replay` and so on. */
  command(kind: string, key?: string): Promise<ApiAnswer>;
  requests(): Received[];
  answer(reply: Reply | number[]): void;
  /** The status of the workflow's last run in Temporal. */
  workflow(): Promise<string>;
  closed(): Promise<unknown>;
  /** Waits until its workflow exists, which may be a moment after the row. */
  started(): Promise<unknown>;
  /** Waits until Temporal keeps its backoff, so that no activity that has begun may make the next attempt. */
  rests(): Promise<unknown>;
  /** Posts another event for the same endpoint. */
  again(status: string, event?: object): Promise<Sent>;
}

export interface Stage {
  posthorn: TestPosthorn;
  receiver: Receiver;
  tenant: string;
  send(scene: Scene): Promise<Sent>;
  /** Runs SQL: $1 is the delivery's id, `values` are $2 and so on. */
  sql(delivery: Sent, text: string, values?: unknown[]): Promise<void>;
  close(): Promise<void>;
}

/** On a Posthorn of its own. */
export async function setStage(
  namespace: string,
  env: Record<string, string> = {},
  more: Pick<TestOptions, 'reached' | 'timings'> = {},
): Promise<Stage> {
  const posthorn = await startPosthorn({ namespace, env, ...more });
  return setStageOn(posthorn, posthorn.stop);
}

/** On a Posthorn that runs already. `stop` is called when the stage is closed. */
export async function setStageOn(posthorn: TestPosthorn, stop = async () => {}): Promise<Stage> {
  const receiver = await startReceiver();
  const tenant = await posthorn.makeTenant();
  // a worker that is ready polls Temporal, and prepares the namespace meanwhile
  const operator = posthorn.temporal.workflow.getHandle(posthorn.core.link.names.operatorWorkflowId);
  await until('the operator workflow', () => operator.describe().catch(() => undefined));
  let scenes = 0;

  async function send({ until: status, answer, retry = { schedule: ['1h', '1h'] }, endpoint = {}, event = {} }: Scene): Promise<Sent> {
    const name = `scene${++scenes}`;
    const path = `/${name}`;
    // the catalogue is common to all tenants of a Posthorn
    const type = `${tenant}.${name}`;
    if (answer) receiver.answer(path, answer);
    const made = await posthorn.makeEndpoint(tenant, receiver.url + path, { eventTypes: [type], retry, ...endpoint });
    return post({ path, type, endpoint: made }, status, event);
  }

  async function post(about: Pick<Sent, 'path' | 'type' | 'endpoint'>, status: string, event: object): Promise<Sent> {
    const eventId = await posthorn.postEvent(tenant, { type: about.type, ...event });
    const find = async () => (await posthorn.deliveriesOf(tenant, eventId)).find((row) => row.endpoint === about.endpoint.id);
    const reach = (wanted: string, withinMs?: number) =>
      until(
        `${about.path} ${wanted}`,
        async () => {
          const row = await find();
          if (row && !wanted.split(' or ').includes(row.status)) throw new Error(`it is ${row.status}`);
          return row;
        },
        withinMs,
      );
    const { id } = await reach(status);
    const handle = posthorn.temporal.workflow.getHandle(`delivery/${id}`);
    return {
      ...about,
      id,
      eventId,
      handle,
      row: () => until('the delivery', find),
      reach,
      command: (kind, key) => posthorn.post(`/v1/deliveries/${id}/${kind}`, undefined, key ? { headers: { 'idempotency-key': key } } : {}),
      requests: () => receiver.of(eventId),
      answer: (reply) => receiver.answer(about.path, reply),
      workflow: async () => (await handle.describe()).status.name,
      closed: () => handle.result(),
      started: () => until(`the workflow of ${about.path}`, () => handle.describe()),
      rests: () =>
        until('its backoff', async () => (await handle.describe()).raw.pendingActivities?.some(({ lastFailure }) => lastFailure)),
      again: (wanted, next = {}) => post(about, wanted, next),
    };
  }

  return {
    posthorn,
    receiver,
    tenant,
    send,
    async sql(delivery, text, values = []) {
      await posthorn.database.db.query(text, [delivery.id.slice('dlv_'.length), ...values]);
    },
    async close() {
      await stop();
      await receiver.close();
    },
  };
}

/** Waits until Temporal has a command for the delivery's workflow: a signal, an Update, or the cancel of the Web UI. */
export async function commandArrived({ handle }: Sent): Promise<void> {
  await until('the command in the history', async () => {
    const { events } = await handle.fetchHistory();
    return events?.some(
      (event) =>
        event.workflowExecutionSignaledEventAttributes ??
        event.workflowExecutionUpdateAcceptedEventAttributes ??
        event.workflowExecutionCancelRequestedEventAttributes,
    );
  });
}

/** A reply that holds requests. `release` answers the oldest one. */
export function holding(): { reply: Reply; held(): Promise<boolean>; release(status: number): void } {
  const waiting: ServerResponse[] = [];
  return {
    reply: (_request, response) => void waiting.push(response),
    held: () => until('a request to hold', () => waiting.length > 0),
    release(status) {
      waiting.shift()?.writeHead(status).end();
    },
  };
}

/** The maximum number of overlapping requests to the scene's endpoint. */
export function mostAtOnce(sent: Sent): number {
  return Math.max(...sent.requests().map(({ atOnce }) => atOnce));
}
