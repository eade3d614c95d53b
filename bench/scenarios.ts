// The scenarios of the bench: which events are sent, at what rate, and to what kind of endpoints.

import { measuredType } from './messages.ts';
import type { Scenario } from './scenario.ts';
import type { Stage } from './stage.ts';

/** The loads that scenarios have in common. `plain`: one endpoint that answers at once. */
export function loads(quick: boolean) {
  const size = (full: number) => (quick ? Math.ceil(full / 5) : full);
  const seconds = quick ? 10 : 30;
  const plain = { roles: ['start'], endpoints: 1, query: '' } as const;
  const burst = { ...plain, events: size(5_000), atOnce: 32 };
  const steady = (ratePerSecond: number) => ({ ...plain, name: `rate-${ratePerSecond}`, events: ratePerSecond * seconds, ratePerSecond });
  return { size, plain, burst, steady };
}

export function scenarios({ quick, minutes }: { quick: boolean; minutes: number }): Scenario[] {
  const { size, plain, burst, steady } = loads(quick);
  const soakMs = minutes * 60_000;
  const workers = (count: number): Scenario => ({
    ...burst,
    name: `workers-${count}`,
    roles: ['server', ...Array.from({ length: count }, () => 'worker' as const)],
    events: size(5_000),
    // 100 deliveries a second for each worker, so that the workers are the limit and not the processor they share
    query: '?ms=100',
    env: { POSTHORN_IN_FLIGHT: '10' },
  });
  return [
    { ...burst, name: 'burst' },
    { ...burst, name: 'checked-burst', prepare: addSchema, endpoint: { filter }, byNameOnly: true },
    { ...burst, name: 'fan-out', events: size(200), endpoints: 25 },
    { ...steady(5), remarks: withWorkflows },
    { ...steady(10), remarks: withWorkflows, byNameOnly: true },
    steady(50),
    steady(200),
    { ...steady(50), name: 'onset', quietMs: 12_000 },
    { ...steady(50), name: 'failing', query: '?percent=20', retries: ['500ms', '1s', '2s', '4s'] },
    { ...plain, name: 'noisy', events: quick ? 200 : 400, ratePerSecond: 20, noise: { events: 500, query: '?ms=10000' } },
    { ...burst, name: 'crash', kill: true },
    ...[1, 2, 4].map(workers),
    { ...steady(200), name: 'soak', events: Math.ceil((200 * soakMs) / 1_000), byNameOnly: true, extraMs: soakMs },
  ];
}

/** Matches all events of the bench. */
const filter = { 'data.total': { $gte: 50, $lt: 1_000 }, 'data.filling': { $prefix: 'x' } };

/** From then on every event is validated. */
async function addSchema(stage: Stage): Promise<string[]> {
  const properties = { order: { type: 'integer', minimum: 0 }, total: { type: 'number' }, filling: { type: 'string', maxLength: 1_000 } };
  const schema = { type: 'object', required: ['order', 'total'], properties };
  await stage.call('POST', '/v1/event-types', { name: measuredType, schema, validation: 'reject' });
  return ['with a schema and a filter'];
}

/** How many of the deliveries had a workflow of their own. */
async function withWorkflows({ db }: Stage, prefix: string): Promise<string[]> {
  const { rows } = await db.query<{ all: number; own: number }>({
    text: `
      select count(*)::int as all, (count(*) filter (where own_workflow))::int as own
      from deliveries d join event_ids i using (event_id) where i.external_id like $1`,
    values: [`${prefix}-%`],
  });
  return [`${rows[0]?.own} of ${rows[0]?.all} with their own workflow`];
}

/** The named scenarios, by name or prefix; `growth-` may be left out. Without names: all except those that run only if named. */
export function chosen(all: readonly Scenario[], names: readonly string[]): Scenario[] {
  if (names.length === 0) return all.filter(({ byNameOnly }) => !byNameOnly);
  const named = names.flatMap((name) => {
    const found = [name, `growth-${name}`]
      .map((known) => all.filter((scenario) => matches(scenario, known)))
      .find(({ length }) => length > 0);
    if (!found) throw new Error(`unknown scenario ${name}; the scenarios are ${all.map((scenario) => scenario.name).join(', ')}`);
    return found;
  });
  return all.filter((scenario) => named.includes(scenario));
}

const matches = (scenario: Scenario, name: string) => scenario.name === name || scenario.name.startsWith(`${name}-`);
