// The fair queue of first attempts, with slots that other users take too and a clock under the
// test's control.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Item, ofEndpoint, setTable } from './table.ts';

const tenant = fc.constantFrom('a', 'b', 'c');
const endpoint = fc.constantFrom('1', '2', '3');
/** The limit of each endpoint. Another test changes a limit. */
const limits: Record<string, number | null> = { 1: null, 2: 1, 3: 3 };
const step = fc.oneof(
  { weight: 6, arbitrary: fc.tuple(fc.constant('push' as const), tenant, endpoint) },
  { weight: 4, arbitrary: fc.tuple(fc.constant('end' as const), fc.nat()) },
  { weight: 1, arbitrary: fc.tuple(fc.constant('pass' as const), fc.constantFrom(250, 1_000, 3_000, 5_001)) },
  { weight: 1, arbitrary: fc.tuple(fc.constant('others take' as const), tenant, endpoint) },
  { weight: 1, arbitrary: fc.tuple(fc.constant('others leave' as const), fc.nat()) },
);
const steps = fc.array(step, { maxLength: 150 });

async function play(table: ReturnType<typeof setTable>, script: typeof steps extends fc.Arbitrary<infer S> ? S : never, check: () => void) {
  for (const each of script) {
    if (each[0] === 'push') table.push(each[1], `${each[1]}${each[2]}`, limits[each[2]]);
    else if (each[0] === 'end') table.end(each[1]);
    else if (each[0] === 'pass') table.pass(each[1]);
    else if (each[0] === 'others take') table.othersTake(each[1], `${each[1]}${each[2]}`);
    else table.othersLeave(each[1]);
    check();
  }
}

/** Ends running items until none waits. */
async function drain(table: ReturnType<typeof setTable>): Promise<void> {
  while (table.others.length > 0) table.othersLeave(0);
  table.pass(1);
  while (table.running.length > 0) table.end(0);
}

const sorted = (items: Item[]) => items.map(({ n }) => n).sort((one, other) => one - other);

describe('the turn queue', () => {
  it('runs or gives up each item exactly once, in order for each endpoint', async () => {
    await fc.assert(
      fc.asyncProperty(steps, async (script) => {
        const table = setTable({ process: 6, tenant: 4, endpoint: 2 });
        await play(table, script, () => expect(table.queue.size()).toBe(table.pushed.length - table.left.length));
        await drain(table);
        expect(table.queue.size()).toBe(0);
        expect(sorted(table.left)).toEqual(sorted(table.pushed));
        for (const { endpointId } of table.pushed) expect(ofEndpoint(table.left, endpointId)).toEqual(ofEndpoint(table.pushed, endpointId));
      }),
    );
  });

  it('never exceeds the limits of process, tenant and endpoint', async () => {
    await fc.assert(
      fc.asyncProperty(steps, async (script) => {
        const limits = { process: 5, tenant: 3, endpoint: 2 };
        const table = setTable(limits);
        await play(table, script, () => {
          const inFlight = [...table.running.map(({ item }) => item), ...table.others];
          const most = (of: (item: { tenantId: string; endpointId: string }) => string) =>
            Math.max(0, ...Array.from(Map.groupBy(inFlight, of).values(), (group) => group.length));
          expect(inFlight.length).toBeLessThanOrEqual(limits.process);
          expect(most(({ tenantId }) => tenantId)).toBeLessThanOrEqual(limits.tenant);
          expect(most(({ endpointId }) => endpointId)).toBeLessThanOrEqual(limits.endpoint);
          for (const { item, atOnce } of table.running) if (item.limit !== null) expect(atOnce).toBeLessThanOrEqual(item.limit);
        });
      }),
    );
  });

  it('leaves no slot free that an item could use', async () => {
    await fc.assert(
      fc.asyncProperty(steps, async (script) => {
        const table = setTable({ process: 5, tenant: 3, endpoint: 2 });
        await play(table, script, () => undefined);
        // other users do not tell the queue when they free a slot
        table.pass(1);
        for (const item of table.waiting()) expect(table.slots.take(item.tenantId, item.endpointId, 1)).toBeTypeOf('string');
      }),
    );
  });

  it('serves no tenant twice while another waits for its turn', async () => {
    const pushOrEnd = fc.array(fc.oneof(fc.tuple(tenant, endpoint), fc.nat()), { maxLength: 200 });
    await fc.assert(
      fc.asyncProperty(pushOrEnd, async (script) => {
        const table = setTable({ process: 2, tenant: 100, endpoint: 100 });
        for (const each of script) {
          if (typeof each === 'number') table.end(each);
          else table.push(each[0], each.join(''));
        }
        while (table.running.length > 0) table.end(0);
        for (const item of table.pushed) {
          // the items that began while this one was the first of its tenant to wait
          const before = table.pushed.filter((other) => other.tenantId === item.tenantId && other.begun < item.begun);
          const from = Math.max(item.cameAfter, ...before.map((other) => other.begun));
          const meanwhile = table.left.slice(from + 1, item.begun).map(({ tenantId }) => tenantId);
          expect(new Set(meanwhile).size).toBe(meanwhile.length);
        }
      }),
    );
  });

  it('serves the endpoints of a tenant in turn', async () => {
    const table = setTable({ process: 1, tenant: 100, endpoint: 100 });
    for (const endpointId of ['a1', 'a1', 'a1', 'a2', 'a2', 'a3']) table.push('a', endpointId);
    while (table.running.length > 0) table.end(0);
    expect(table.left.map(({ endpointId }) => endpointId)).toEqual(['a1', 'a1', 'a2', 'a3', 'a1', 'a2']);
  });

  it('keeps the turn of a tenant that found the process full', async () => {
    const table = setTable({ process: 1, tenant: 100, endpoint: 100 });
    table.push('a', 'a1');
    table.push('b', 'b1');
    for (let n = 0; n < 5; n++) table.push('a', 'a1');
    table.end(0);
    expect(table.left.map(({ tenantId }) => tenantId)).toEqual(['a', 'b']);
  });

  it('is not delayed by an endpoint that is full', () => {
    const table = setTable({ process: 512, tenant: 128, endpoint: 32 });
    for (let n = 0; n < 100; n++) table.push('a', 'a1');
    for (let n = 0; n < 10; n++) table.push('b', 'b1', 1);
    expect(table.running).toHaveLength(33);
    table.push('a', 'a2');
    table.push('b', 'b2');
    expect(table.running.slice(-2).map(({ item }) => item.endpointId)).toEqual(['a2', 'b2']);
  });

  it('uses the current limit of an endpoint', () => {
    const table = setTable({ process: 512, tenant: 128, endpoint: 32 });
    for (let n = 0; n < 4; n++) table.push('a', 'a1', 1);
    expect(table.running).toHaveLength(1);
    table.push('a', 'a1', 3);
    table.pass(1);
    expect(table.running).toHaveLength(3);
  });

  it.each([1, 1_000, 100_000])('takes 100,000 items of %i endpoints', async (endpoints) => {
    const table = setTable({ process: 512, tenant: 512, endpoint: 512 });
    const total = 100_000;
    for (let n = 0; n < total; n++) table.push(`t${n % Math.min(endpoints, 1_000)}`, `e${n % endpoints}`);
    while (table.running.length > 0) table.endAll();
    expect(table.left).toHaveLength(total);
    expect(new Set(table.left).size).toBe(total);
    expect(table.givenUp).toEqual([]);
  });

  it('drops waiting and later items once it is stopped, and lets running ones end', async () => {
    const table = setTable({ process: 1, tenant: 1, endpoint: 1 });
    for (let n = 0; n < 3; n++) table.push('a', 'a1');
    table.queue.stop();
    table.push('b', 'b1');
    table.end(0);
    table.pass(10_000);
    expect([table.left.length, table.running.length, table.queue.size(), table.slots.inUse()]).toEqual([1, 0, 0, 0]);
  });
});
