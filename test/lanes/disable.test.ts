// An endpoint that has accepted nothing for too long is disabled with an alert, and still gets
// probes. When a probe succeeds, it is enabled again if `autoRecover` is set. Five days and an hour
// are three seconds here, which is longer than a drain waits out.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { quickWaits } from '../support/quick-timings.ts';
import { until } from '../support/until.ts';
import { type LaneEndpoint, type LaneStage, openLaneStage, upTo } from './lane-stage.ts';

let stage: LaneStage;
beforeAll(async () => {
  stage = await openLaneStage('t46', { POSTHORN_DISABLE_AFTER: '3s', POSTHORN_PROBE_DISABLED_EVERY: '3s' }, { timings: quickWaits });
});
afterAll(() => stage?.close());

/** Enough retries: no delivery becomes a dead letter before the endpoint is disabled, even on a slow machine. */
const manyRetries = { schedule: Array.from({ length: 50 }, () => '2s') };

async function alerts({ id }: LaneEndpoint): Promise<string[]> {
  const { rows } = await stage.where.db.query<{ kind: string }>(
    `select kind from alerts where endpoint_id = $1 and kind in ('endpoint.disabled', 'endpoint.recovered') order by opened_at`,
    [id.slice('ep_'.length)],
  );
  return rows.map(({ kind }) => kind);
}

const gateIs = (endpoint: LaneEndpoint, gate: string) => until(`the gate to be ${gate}`, async () => (await endpoint.show()).gate === gate);

/** Both endpoints fail until both are disabled, and then accept again. 5 more deliveries wait for each. */
async function disabledAndWell(): Promise<{ recovers: LaneEndpoint; stays: LaneEndpoint }> {
  const retry = manyRetries;
  const [recovers, stays] = await Promise.all([
    stage.endpoint({ retry, autoRecover: true }),
    stage.endpoint({ retry, autoRecover: false }),
  ]);
  for (const endpoint of [recovers, stays]) endpoint.answer([500]);
  await Promise.all([recovers.post(25), stays.post(25)]);
  await Promise.all([gateIs(recovers, 'disabled'), gateIs(stays, 'disabled')]);
  await Promise.all([recovers.post(5), stays.post(5)]);
  await Promise.all([recovers.waitsFor('disabled'), stays.waitsFor('disabled')]);
  for (const endpoint of [recovers, stays]) {
    expect(await alerts(endpoint)).toEqual(['endpoint.disabled']);
    expect((await endpoint.show()).gateReason).toMatch(/failed for too long/);
  }
  for (const endpoint of [recovers, stays]) endpoint.answer([204]);
  return { recovers, stays };
}

describe('an endpoint that failed for too long', () => {
  it('is disabled with an alert, and a successful probe enables it again only with autoRecover', async () => {
    const { recovers, stays } = await disabledAndWell();
    await gateIs(recovers, 'open');
    await recovers.reach('succeeded', 30);
    expect(new Set(recovers.accepted())).toEqual(new Set(upTo(30)));
    expect(await alerts(recovers)).toEqual(['endpoint.disabled', 'endpoint.recovered']);

    // the other endpoint had the same time
    expect(await stays.show()).toMatchObject({ gate: 'disabled' });
    await stays.act('resume');
    await stays.reach('succeeded', 30);
    expect(await alerts(stays)).toEqual(['endpoint.disabled']);
  });

  it('is probed, unlike one that a person paused or a 410 disabled', async () => {
    const [paused, gone, failing] = await Promise.all([stage.endpoint(), stage.endpoint(), stage.endpoint({ retry: manyRetries })]);
    gone.answer([410]);
    failing.answer([500]);
    await Promise.all([gone.post(1), failing.post(25)]);
    await gateIs(gone, 'disabled');
    gone.answer([204]);
    await paused.act('pause');
    await Promise.all([paused.post(3), gone.post(3)]);
    await Promise.all([paused.waitsFor('paused'), gone.waitsFor('disabled')]);
    // a third endpoint serves as the clock: it is disabled, probed and enabled again
    await gateIs(failing, 'disabled');
    failing.answer([204]);
    await gateIs(failing, 'open');
    expect([paused.requests().length, gone.requests().length]).toEqual([0, 1]);
    expect([await alerts(paused), await alerts(gone)]).toEqual([[], ['endpoint.disabled']]);
    expect(await paused.statuses()).toEqual({ held: 3 });
  });
});
