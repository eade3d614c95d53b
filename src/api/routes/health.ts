// GET /healthz: the process runs. GET /readyz: it can serve requests. GET /: an HTML page.
import { setTimeout as delay } from 'node:timers/promises';
import { z } from 'zod';
import { answer, type Route, route } from '../http/route.ts';
import { pagePolicy } from '../http/security-headers.ts';
import type { ApiDeps } from './deps.ts';

const patienceMs = 2_000;
const probeTtlMs = 1_000;

const up = z.enum(['up', 'away']);
const health = z.object({ status: z.literal('ok') });
const readiness = z.object({
  status: z
    .enum(['ok', 'degraded', 'starting', 'away'])
    .describe(
      'ok: all works. degraded: Temporal is unavailable or refuses to start workflows; events are accepted, and retried when it works again. starting: the first tenant is not created yet. away: PostgreSQL is unavailable; no event can be accepted.',
    ),
  postgres: up,
  temporal: up.describe('away: no worker of Posthorn can use it.'),
  temporalError: z.string().optional().describe('What Temporal answered, or that it did not answer. Present if it is away.'),
});

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

const ready = ({ storeUp: isUp, temporalTrouble, starting = () => false }: ApiDeps) => {
  const storeUp = memoizeFor(probeTtlMs, isUp);
  const trouble = memoizeFor(probeTtlMs, () => temporalTrouble().catch(String));
  return route({
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
        example: { status: 'ok', postgres: 'up', temporal: 'up' },
      },
      503: {
        description: 'The process is starting, or PostgreSQL is unavailable.',
        schema: readiness,
        example: { status: 'away', postgres: 'away', temporal: 'up' },
      },
    },
    async handler() {
      const [postgres, temporalError] = await Promise.all([Promise.race([storeUp(), delay(patienceMs, false)]), trouble()]);
      const temporal = temporalError === null ? { temporal: 'up' } : { temporal: 'away', temporalError };
      const facts = { postgres: postgres ? 'up' : 'away', ...temporal };
      const notYet = !postgres ? 'away' : starting() ? 'starting' : null;
      if (notYet) return { ...answer(503, { status: notYet, ...facts }), headers: { 'retry-after': '1' } };
      return answer(200, { status: temporalError === null ? 'ok' : 'degraded', ...facts });
    },
  });
};

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
      description: 'An HTML page with links for people. No API key is needed.',
      scope: 'open',
      answers: { 200: { description: 'The page.', types: ['text/html'], example: '<!doctype html><title>Posthorn</title>' } },
      async handler() {
        const html = home();
        return { status: 200, text: html, type: 'text/html; charset=utf-8', headers: { 'content-security-policy': pagePolicy(html) } };
      },
    }),
  ];
}
