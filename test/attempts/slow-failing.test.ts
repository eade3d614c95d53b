// An endpoint with too little traffic to open a lane by its failures: after it has failed for too
// long, it gets a lane, which disables it.
import { pino } from 'pino';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { LaneWatch } from '#attempts/lane-watch';
import { readConfig } from '#config/config';
import { uuidOf } from '#domain/ids';
import { createLaneWaker } from '#temporal/lane-waker';
import { openTemporalLink } from '#temporal/link';
import { type LaneStage, names, setLaneStage } from '../lanes/lane.ts';
import { answerOf } from '../support/answer.ts';
import { installTestRuntime } from '../support/runtime.ts';
import { until } from '../support/until.ts';

const log = pino({ level: 'silent' });
installTestRuntime();
const link = openTemporalLink(readConfig({ TEMPORAL_ADDRESS: '127.0.0.1:1' }), log);
const dayMs = 86_400_000;
let stage: LaneStage;
let watch: LaneWatch;

beforeAll(async () => {
  stage = await setLaneStage();
  const { db } = stage;
  watch = new LaneWatch({ db, lease: db, waker: createLaneWaker({ db, link, log }), log, disableAfterMs: 5 * dayMs });
  await until('a look', () => watch.isFresh());
});
afterAll(async () => {
  await watch?.stop();
  await link.close();
  await stage?.close();
});

const refusing = async (path: string, status = 500) => {
  stage.receiver.answer(path, (_request, response) => void response.writeHead(status).end());
  return stage.makeEndpoint(path);
};
const health = async (id: string) =>
  (await stage.db.query('select counts, failing_since from endpoint_health where endpoint_id = $1', [uuidOf(id)])).rows[0];
const shared = (id: string, failures: number) =>
  until(`${failures} of ${id} to be shared`, async () => (await health(id))?.counts.notAccepted === failures);
/** Moves the first failure back by six days and the last count by 12 hours. */
const age = (id: string) =>
  stage.db.query(
    `update endpoint_health set failing_since = now() - interval '6 days', updated_at = now() - interval '12 hours' where endpoint_id = $1`,
    [uuidOf(id)],
  );
async function refuse(id: string, count: number, status = 500): Promise<void> {
  watch.recordOutcome({ endpointId: id, targetVersion: 1 }, 'order.created', answerOf(status));
  await shared(id, count);
}

it.concurrent.each([500, 404])(
  'an endpoint that failed for too long gets a lane at its next %i, and is disabled at the one after',
  async (status) => {
    const id = await refusing(`/slow-${status}`, status);
    await refuse(id, 1, status);
    await refuse(id, 2, status);
    expect(await stage.lane(id)).toBeUndefined();
    await age(id);
    watch.recordOutcome({ endpointId: id, targetVersion: 1 }, 'order.created', answerOf(status));
    await until('a lane', async () => (await stage.lane(id)) !== undefined);
    const lane = await stage.lane(id);
    expect(lane).toMatchObject({ parks: true, reason: 'failing', circuit: { state: 'open' } });
    expect(Date.now() - Number(lane.failing_since)).toBeGreaterThan(5 * dayMs);
    await stage.park(id, names(`slow-${status}`, 1));
    await stage.db.query(`update lanes set circuit = jsonb_set(circuit, '{probeAtMs}', '0') where endpoint_id = $1`, [uuidOf(id)]);
    await stage.drain(id);
    expect((await stage.db.query('select gate from endpoints where id = $1', [uuidOf(id)])).rows).toEqual([{ gate: 'disabled' }]);
  },
);

it.concurrent('an endpoint gets no lane while it accepts now and then, or after its lane saw it recover', async () => {
  const [accepting, well] = [await refusing('/accepting'), await refusing('/well')];
  await refuse(accepting, 1);
  await refuse(well, 1);
  await age(accepting);
  await age(well);
  watch.recordOutcome({ endpointId: accepting, targetVersion: 1 }, 'order.created', answerOf(204));
  await stage.db.query(
    `insert into lanes (endpoint_id, tenant_id, parks, reason, state, ended_at) values ($1, $2, false, 'backlog', 'idle', now())`,
    [uuidOf(well), uuidOf(stage.tenantId)],
  );
  await refuse(accepting, 1);
  await refuse(well, 2);
  for (const id of [accepting, well]) {
    expect(Date.now() - Number((await health(id))?.failing_since)).toBeLessThan(dayMs);
    expect(watch.parks(id)).toBe(false);
  }
});
