// Additional checks for the chaos tests of batched mode: which requests arrived how often, which
// attempts were recorded, and which processes dispatched.
import { expect } from 'vitest';
import { idOf } from '#domain/ids';
import { openTarget } from '#sealing/endpoint-target-encryption';
import { createVault } from '#sealing/vault';
import type { PosthornProcess } from '../support/posthorn-process.ts';
import type { Received } from '../support/receiver.ts';
import { openStage, type Stage, type StageOptions } from './stage.ts';

export const openBatchedStage = ({ env, ...options }: StageOptions) =>
  openStage({ ...options, env: { POSTHORN_DISPATCH: 'batched', LOG_LEVEL: 'info', ...env } });

const keyOf = (path: string, webhookId: string | undefined) => `${path} ${webhookId}`;

/** The number of requests of each delivery, by `<path> <event id>`. */
export function arrivals(stage: Stage): Map<string, number> {
  const counts = new Map<string, number>();
  for (const { path, headers } of stage.receiver.requests) {
    const key = keyOf(path, headers['webhook-id']);
    counts.set(key, (counts.get(key) ?? 0) + 1);
  }
  return counts;
}

interface Delivered {
  event: string;
  endpoint: string;
  sealed: Buffer;
  status: string;
  recorded: number;
}

async function deliveries(stage: Stage): Promise<{ key: string; status: string; recorded: number }[]> {
  const rows = await stage.query<Delivered>(
    `select e.external_id as event, p.id as endpoint, p.sealed, d.status, count(a.id) as recorded
     from deliveries d join events e on e.id = d.event_id join endpoints p on p.id = d.endpoint_id left join attempts a on a.delivery_id = d.id
     group by e.external_id, p.id, p.sealed, d.status, d.id`,
  );
  const vault = createVault([stage.env.POSTHORN_MASTER_KEY ?? '']);
  return rows.map(({ event, endpoint, sealed, status, recorded }) => {
    const { url } = openTarget(vault, idOf('ep', endpoint), sealed);
    return { key: keyOf(new URL(url).pathname, event), status, recorded };
  });
}

/**
 * The recorded deliveries, as `<path> <event id>`. A kill or stop at this moment must not repeat them. Other requests
 * may be in flight unseen.
 */
export async function recordedBy(stage: Stage): Promise<Set<string>> {
  return new Set((await deliveries(stage)).filter((row) => row.recorded > 0).map(({ key }) => key));
}

/** The deliveries that arrived and are not recorded. Records are read first, so that none is missed. */
export async function unrecorded(stage: Stage): Promise<Set<string>> {
  const recorded = await recordedBy(stage);
  return new Set([...arrivals(stage).keys()].filter((key) => !recorded.has(key)));
}

/**
 * Expects one succeeded delivery of each event at each path, one dispatch for each event, and no recorded attempt
 * without a request. Returns the deliveries that arrived twice.
 */
export async function expectAllDelivered(stage: Stage, events: string[], paths = ['/hook']): Promise<string[]> {
  const came = arrivals(stage);
  const rows = await deliveries(stage);
  expect(new Set(rows.map(({ key }) => key)).size).toBe(rows.length);
  const wanted = paths.flatMap((path) => events.map((id) => keyOf(path, id)));
  const known = new Set(rows.map(({ key }) => key));
  expect(wanted.filter((key) => !known.has(key) || !came.has(key))).toEqual([]);
  expect(rows.filter(({ status }) => status !== 'succeeded')).toEqual([]);
  expect(rows.filter(({ key, recorded }) => recorded < 1 || recorded > (came.get(key) ?? 0))).toEqual([]);
  expect(await stage.query('select e from dispatches, unnest(event_ids) as e group by e having count(*) > 1')).toEqual([]);
  const repeated = [...came].filter(([, count]) => count > 1);
  expect(repeated.filter(([, count]) => count > 2)).toEqual([]);
  return repeated.map(([key]) => key);
}

export interface Door {
  /** Requests that wait for a response. */
  readonly waiting: Received[];
  /** Makes requests that arrive from now on wait: all, or those of events whose id has this prefix. */
  shut(prefix?: string): void;
  /** Answers requests that arrive from now on at once. Waiting requests continue to wait. */
  open(): void;
  /** Answers the waiting requests, or the first `count` of them. */
  letPass(count?: number): void;
}

/** Answers 204 at these paths after `answersInMs` while it is open. While it is shut, requests wait. */
export function door(stage: Stage, paths = ['/hook'], answersInMs = 0): Door {
  let shutTo: string | null = null;
  const waiting: { request: Received; accept(): void }[] = [];
  for (const path of paths) {
    stage.receiver.answer(path, (request, response) => {
      const accept = () => void response.writeHead(204).end();
      if (shutTo !== null && request.headers['webhook-id']?.startsWith(shutTo)) waiting.push({ request, accept });
      else setTimeout(accept, answersInMs);
    });
  }
  return {
    get waiting() {
      return waiting.map(({ request }) => request);
    },
    shut(prefix = '') {
      shutTo = prefix;
    },
    open() {
      shutTo = null;
    },
    letPass(count = waiting.length) {
      for (const { accept } of waiting.splice(0, count)) accept();
    },
  };
}

/** Posts events with these ids in one call, and expects all to be accepted. */
export async function sendBatch(to: PosthornProcess, tenant: string, ids: string[]): Promise<string[]> {
  const events = ids.map((id) => ({ type: 'order.created', data: { id }, id }));
  const { status } = await to.post(`/v1/tenants/${tenant}/events/batch`, { events });
  expect(status).toBe(202);
  return ids;
}

/** The number of attempts that this process made and recorded, according to its log. */
export const attemptsBy = (posthorn: PosthornProcess) => posthorn.log().split('"delivery.attempted"').length - 1;

/** The pids of the processes that started a dispatch. */
export async function dispatchers(stage: Stage): Promise<Set<number>> {
  const pids = new Set<number>();
  for await (const { workflowId } of stage.temporal.workflow.list({ query: "WorkflowType = 'dispatchEvents'" })) {
    const { events } = await stage.temporal.workflow.getHandle(workflowId).fetchHistory();
    pids.add(Number.parseInt(events?.[0]?.workflowExecutionStartedEventAttributes?.identity ?? '', 10));
  }
  return pids;
}
