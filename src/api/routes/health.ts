// /healthz: the process runs. /readyz: it can do its work. And the page at `/`.
import { setTimeout as delay } from 'node:timers/promises';
import { z } from 'zod';
import { answer, type Route, route } from '../http/route.ts';
import { pagePolicy } from '../http/security-headers.ts';
import type { ApiDeps } from './deps.ts';

const patienceMs = 2_000;
const usedForMs = 1_000;

const up = z.enum(['up', 'away']);
const health = z.object({ status: z.literal('ok') });
const readiness = z.object({
  status: z
    .enum(['ok', 'degraded', 'starting', 'away'])
    .describe(
      'degraded: events are accepted, and delivered when Temporal is back; starting: the first tenant is not there yet; away: nothing can be accepted',
    ),
  postgres: up,
  temporal: up,
});

export function healthRoutes(deps: ApiDeps): Route[] {
  return [aliveRoute(), ready(deps)];
}

export const aliveRoute = () =>
  route({
    method: 'get',
    path: '/healthz',
    operationId: 'getHealth',
    summary: 'Says that the process runs',
    scope: 'open',
    answers: { 200: { description: 'it runs', schema: health } },
    handler: async () => answer(200, { status: 'ok' }),
  });

const ready = ({ storeUp: isUp, temporalAway, starting = () => false }: ApiDeps) => {
  const storeUp = seldom(isUp);
  const away = seldom(() => temporalAway().catch(() => true));
  return route({
    method: 'get',
    path: '/readyz',
    operationId: 'getReadiness',
    summary: 'Says whether requests can be served',
    scope: 'open',
    answers: {
      200: { description: 'ready', schema: readiness },
      503: { description: 'starting, or PostgreSQL is away', schema: readiness },
    },
    async handler() {
      const [postgres, temporal] = await Promise.all([Promise.race([storeUp(), delay(patienceMs, false)]), away()]);
      const facts = { postgres: postgres ? 'up' : 'away', temporal: temporal ? 'away' : 'up' };
      const notYet = !postgres ? 'away' : starting() ? 'starting' : null;
      if (notYet) return { ...answer(503, { status: notYet, ...facts }), headers: { 'retry-after': '1' } };
      return answer(200, { status: temporal ? 'degraded' : 'ok', ...facts });
    },
  });
};

/** Asked by anybody, as often as they like: one question at a time, and none while an answer is younger than a second. Must not reject. */
export function seldom<T>(ask: () => Promise<T>, clock = () => performance.now()): () => Promise<T> {
  let asked: Promise<T> | undefined;
  let countsUntil = 0;
  return () => {
    if (asked === undefined || clock() >= countsUntil) {
      countsUntil = Number.POSITIVE_INFINITY;
      asked = ask().finally(() => {
        countsUntil = clock() + usedForMs;
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
      summary: 'A page that says what runs here',
      scope: 'open',
      answers: { 200: { description: 'HTML' } },
      async handler() {
        const html = home();
        return { status: 200, text: html, type: 'text/html; charset=utf-8', headers: { 'content-security-policy': pagePolicy(html) } };
      },
    }),
  ];
}
