// GET /healthz: the process runs. GET /readyz: it can serve requests. GET /: an HTML page.
import { setTimeout as delay } from 'node:timers/promises';
import { z } from 'zod';
import { type Answer, answer, type Route, route } from '../http/route.ts';
import { pagePolicy } from '../http/security-headers.ts';
import type { ApiDeps } from './deps.ts';

const patienceMs = 2_000;
const probeTtlMs = 1_000;

const up = z.enum(['up', 'away']);
const health = z.object({ status: z.literal('ok') }).meta({ id: 'Health' });
const readiness = z
  .object({
    status: z
      .enum(['ok', 'degraded', 'starting', 'stopping', 'away'])
      .describe(
        'ok: all works. degraded: no worker runs, or Temporal is unavailable or refuses to start workflows, or the worker of this process does not poll it; events are accepted, and delivered or retried when it works again. starting: the first tenant is not created yet. stopping: the process was told to stop; it still answers, and no new requests should be sent to it. away: PostgreSQL is unavailable; no event can be accepted.',
      ),
    postgres: up,
    temporal: up.describe('away: no worker of Posthorn can use it.'),
    temporalError: z.string().optional().describe('What Temporal answered, or that it did not answer. Present if it is away.'),
    workers: z
      .int()
      .optional()
      .describe('Workers seen in the last 5 seconds. Absent: this process has a worker, or PostgreSQL is unavailable.'),
    detail: z.string().optional().describe('What is degraded, in a sentence.'),
    worker: z
      .enum(['polling', 'not_polling'])
      .optional()
      .describe(
        'polling: Temporal answered a poll of the worker in the last 90 s, or the worker finished a task. It turns to not_polling after 5 s of failed polls, and back with the next answers, for which a worker without tasks waits for a minute. Absent: the process has no worker.',
      ),
  })
  .meta({ id: 'Readiness' });

export function healthRoutes(deps: ApiDeps): Route[] {
  return [aliveRoute(), ready(deps)];
}

export const aliveRoute = () =>
  route({
    method: 'get',
    path: '/healthz',
    operationId: 'getHealth',
    summary: 'Check that the process runs',
    description: 'For liveness probes. It checks no dependencies. No API key is needed.',
    scope: 'open',
    answers: { 200: { description: 'The process runs.', schema: health, example: { status: 'ok' } } },
    handler: async () => answer(200, { status: 'ok' }),
  });

export type ReadinessDeps = Pick<ApiDeps, 'storeUp' | 'temporalTrouble' | 'starting' | 'stopping' | 'workerPolls' | 'countWorkers'>;

const readyRoute = {
  method: 'get',
  path: '/readyz',
  operationId: 'getReadiness',
  summary: 'Check that requests can be served',
  description: 'For readiness probes. No API key is needed.',
  scope: 'open',
  answers: {
    200: {
      description: 'Requests can be served.',
      schema: readiness,
      example: { status: 'ok', postgres: 'up', temporal: 'up', worker: 'polling' },
    },
    503: {
      description: 'The process is starting or stopping, or PostgreSQL is unavailable.',
      schema: readiness,
      example: { status: 'away', postgres: 'away', temporal: 'up', worker: 'polling' },
    },
  },
} as const;

const ready = (deps: ReadinessDeps) => {
  const readFacts = factsOf(deps);
  return route({ ...readyRoute, handler: async () => answerFor(await readFacts(), 200) });
};

/** For a worker without an API: it is ready only while it polls Temporal. */
export const workerReadyRoute = (deps: ReadinessDeps) => {
  const readFacts = factsOf(deps);
  return route({
    ...readyRoute,
    summary: 'Check that the worker works',
    async handler() {
      const facts = await readFacts();
      return answerFor(facts, facts.worker === 'polling' ? 200 : 503);
    },
  });
};

type Facts = z.infer<typeof readiness>;

export const noWorkerText = 'No worker runs. Events are accepted, and wait until a worker is started (posthorn worker).';

function factsOf({
  storeUp: isUp,
  temporalTrouble,
  starting = () => false,
  stopping = () => false,
  workerPolls,
  countWorkers,
}: ReadinessDeps): () => Promise<Facts> {
  const storeUp = memoizeFor(probeTtlMs, isUp);
  const trouble = memoizeFor(probeTtlMs, () => temporalTrouble().catch(String));
  const workers = memoizeFor(probeTtlMs, async () => countWorkers?.().catch(() => undefined));
  return async () => {
    const [isStoreUp, temporalError, seen] = await Promise.all([
      Promise.race([storeUp(), delay(patienceMs, false)]),
      trouble(),
      Promise.race([workers(), delay(patienceMs, undefined)]),
    ]);
    const polls = workerPolls?.();
    const isDegraded = temporalError !== null || polls === false || seen === 0;
    return {
      status: stopping() ? 'stopping' : !isStoreUp ? 'away' : starting() ? 'starting' : isDegraded ? 'degraded' : 'ok',
      postgres: isStoreUp ? 'up' : 'away',
      ...(temporalError === null ? { temporal: 'up' } : { temporal: 'away', temporalError }),
      ...(polls !== undefined && { worker: polls ? 'polling' : 'not_polling' }),
      ...(seen !== undefined && { workers: seen }),
      ...(seen === 0 && { detail: noWorkerText }),
    };
  };
}

/** `code`: while PostgreSQL is up and nothing is starting. */
function answerFor(facts: Facts, code: 200 | 503): Answer {
  const isUp = facts.status === 'ok' || facts.status === 'degraded';
  const answered = answer(isUp ? code : 503, facts);
  return answered.status === 200 ? answered : { ...answered, headers: { 'retry-after': '1' } };
}

/**
 * Caches the result of `ask` for `ttlMs` and runs one `ask` at a time, because anybody can call the probes. `ask` must
 * not reject.
 */
export function memoizeFor<T>(ttlMs: number, ask: () => Promise<T>, clock = () => performance.now()): () => Promise<T> {
  let asked: Promise<T> | undefined;
  let expiresAt = 0;
  return () => {
    if (asked === undefined || clock() >= expiresAt) {
      expiresAt = Number.POSITIVE_INFINITY;
      asked = ask().finally(() => {
        expiresAt = clock() + ttlMs;
      });
    }
    return asked;
  };
}

export function homeRoute({ home }: ApiDeps): Route[] {
  if (!home) return [];
  return [
    route({
      method: 'get',
      path: '/',
      operationId: 'getHome',
      summary: 'Read the home page',
      description:
        'Leads to the dashboard. Without one, such as in a clone that is not built, it is an HTML page with links for people. No API key is needed.',
      scope: 'open',
      answers: {
        200: { description: 'The page.', types: ['text/html'], example: '<!doctype html><title>Posthorn</title>' },
        302: { description: 'The dashboard is at the address in `location`.' },
      },
      async handler(): Promise<Answer> {
        const shown = home();
        if ('location' in shown) return { status: 302, text: null, headers: { location: shown.location } };
        const { html } = shown;
        return { status: 200, text: html, type: 'text/html; charset=utf-8', headers: { 'content-security-policy': pagePolicy(html) } };
      },
    }),
  ];
}
