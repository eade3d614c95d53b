// Fairness: a tenant that posts thousands of events at once does not delay other tenants, with or
// without lanes.

import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { isLong } from '../support/long.ts';
import { quickWaits } from '../support/quick-timings.ts';
import { until } from '../support/until.ts';
import { type LaneStage, makeLane, openLaneStage } from './lane-stage.ts';

let stage: LaneStage;
beforeAll(async () => {
  stage = await openLaneStage('t51', {}, { timings: quickWaits });
});
afterAll(() => stage?.close());

const backlog = isLong ? 5_000 : 1_000;
const others = 50;

/** Fifty tenants, each with one endpoint. */
async function makeOthers() {
  const tenants = await Promise.all(Array.from({ length: others }, () => stage.posthorn.makeTenant()));
  return Promise.all(tenants.map((tenant) => makeLane(stage.where, tenant)));
}

describe(`a tenant that posts ${backlog} events`, () => {
  it.each([
    ['to an endpoint that answers within 100 ms', {}, 100],
    ['to a slow endpoint, above its limit', { maxInFlight: 4 }, 400],
    ['to an ordered endpoint', { ordering: 'endpoint' }, 5],
  ] as [string, { maxInFlight?: number; ordering?: string }, number][])(
    '%s does not delay those of 50 other tenants',
    async (_what, settings, answersInMs) => {
      const othersServed = Promise.withResolvers<void>();
      const [greedy, modest] = await Promise.all([
        makeLane(stage.where, await stage.posthorn.makeTenant(), { timeoutMs: 30_000, ...settings }),
        makeOthers(),
      ]);
      greedy.answer(async (_request, response) => {
        await delay(answersInMs);
        // half of the backlog gets no response before the other tenants are served, so their success does not depend on
        // speed
        if (greedy.requests().length > backlog / 2) await othersServed.promise;
        response.writeHead(204).end();
      });
      await greedy.post(backlog);
      await Promise.all(modest.map((endpoint) => endpoint.post(1)));
      await until('one delivery for each of the 50', () => modest.every((endpoint) => endpoint.requests().length > 0));
      othersServed.resolve();
      if (settings.maxInFlight) {
        // deliveries above the limit are held as rows
        await until('its backlog to wait in its lane', async () => ((await greedy.statuses()).held ?? 0) > backlog / 5);
        expect((await greedy.openWorkflows()).length).toBeLessThanOrEqual(100);
      }
      if (Object.keys(settings).length > 0) return void (await stage.posthorn.call('DELETE', `/v1/endpoints/${greedy.id}`));
      await greedy.reach('succeeded', backlog, 400_000);
      expect(new Set(greedy.accepted()).size).toBe(backlog);
    },
  );
});
