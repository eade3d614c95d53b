// Items for an endpoint or tenant that gets no slot are given up after 5 s. They are served again
// once a slot is free.
import { describe, expect, it } from 'vitest';
import { setTable } from './table.ts';

const limits = { process: 512, tenant: 128, endpoint: 32 };

async function fill(table: ReturnType<typeof setTable>, tenantId: string, endpointId: string, items: number): Promise<void> {
  for (let n = 0; n < items; n++) await table.push(tenantId, endpointId);
}

describe('the wait of 5 s for a slot', () => {
  it('ends for the items that wait for an endpoint, and for later ones', async () => {
    const table = setTable(limits);
    await fill(table, 'a', 'a1', 40);
    await table.pass(4_999);
    await table.pass(1);
    expect(table.givenUp).toEqual([]);
    await table.pass(1);
    expect(table.givenUp).toHaveLength(8);
    expect(new Set(table.wants)).toEqual(new Set(['endpoint']));
    await fill(table, 'a', 'a1', 2);
    expect(table.givenUp).toHaveLength(10);
    expect([table.running.length, table.queue.size()]).toEqual([32, 0]);
  });

  it('starts again when the endpoint has answered', async () => {
    const table = setTable(limits);
    await fill(table, 'a', 'a1', 40);
    await table.pass(5_001);
    await table.end(0);
    await fill(table, 'a', 'a1', 3);
    expect([table.running.length, table.queue.size(), table.givenUp.length]).toEqual([32, 2, 8]);
    await table.pass(5_000);
    expect(table.queue.size()).toBe(2);
    await table.pass(1);
    expect(table.queue.size()).toBe(0);
  });

  it('goes on as long as a response comes now and then', async () => {
    const table = setTable(limits);
    for (let n = 0; n < 5; n++) await table.push('a', 'a1', 1);
    for (let n = 0; n < 4; n++) {
      await table.pass(4_900);
      await table.end(0);
    }
    expect([table.running.length, table.queue.size(), table.givenUp.length]).toEqual([1, 0, 0]);
  });

  it('ends also when other users hold all slots of the endpoint, and starts again when one of them is freed', async () => {
    const table = setTable(limits);
    for (let n = 0; n < 32; n++) table.othersTake('a', 'a1');
    await fill(table, 'a', 'a1', 5);
    await table.pass(5_001);
    expect(table.givenUp).toHaveLength(5);
    table.othersLeave(0);
    await fill(table, 'a', 'a1', 2);
    expect([table.running.length, table.queue.size(), table.givenUp.length]).toEqual([1, 1, 5]);
  });

  it('starts again when no item came for longer than 5 s', async () => {
    const table = setTable(limits);
    for (let n = 0; n < 32; n++) table.othersTake('a', 'a1');
    await fill(table, 'a', 'a1', 5);
    await table.pass(5_001);
    expect(table.givenUp).toHaveLength(5);
    await table.pass(5_000);
    await fill(table, 'a', 'a1', 1);
    expect(table.givenUp).toHaveLength(6);
    await table.pass(5_001);
    await fill(table, 'a', 'a1', 2);
    expect([table.queue.size(), table.givenUp.length]).toEqual([2, 6]);
    await table.pass(5_000);
    expect(table.queue.size()).toBe(2);
    await table.pass(1);
    expect([table.queue.size(), table.givenUp.length]).toEqual([0, 8]);
  });

  it('does not count the time in which the process was suspended', async () => {
    const table = setTable(limits);
    await fill(table, 'a', 'a1', 40);
    await table.pass(4_000);
    table.standStill(60_000);
    await table.pass(250);
    await table.pass(5_000);
    expect(table.givenUp).toEqual([]);
    await table.pass(1);
    expect(table.givenUp).toHaveLength(8);
  });

  it('does not affect other endpoints and tenants', async () => {
    const table = setTable(limits);
    await fill(table, 'a', 'a1', 40);
    await fill(table, 'b', 'b1', 20);
    await table.pass(5_001);
    await fill(table, 'a', 'a2', 20);
    await fill(table, 'b', 'b1', 12);
    expect(new Set(table.givenUp.map(({ endpointId }) => endpointId))).toEqual(new Set(['a1']));
    expect(table.running).toHaveLength(32 + 20 + 32);
  });

  it('ends for a whole tenant that gets no slot, so that hanging endpoints do not fill the memory', async () => {
    const table = setTable(limits);
    for (const endpointId of ['a1', 'a2', 'a3', 'a4']) await fill(table, 'a', endpointId, 40);
    await fill(table, 'a', 'a5', 5);
    await fill(table, 'b', 'b1', 5);
    expect(table.running).toHaveLength(128 + 5);
    await table.pass(5_001);
    expect(table.givenUp).toHaveLength(4 * 8 + 5);
    expect(new Set(table.wants)).toEqual(new Set(['tenant']));
    await table.push('a', 'a6');
    expect(table.givenUp).toHaveLength(4 * 8 + 6);
    await table.end(0);
    await table.push('a', 'a6');
    expect(table.running.at(-1)?.item.endpointId).toBe('a6');
    expect(table.queue.size()).toBe(0);
  });

  it('does not count the time in which Posthorn itself is held up', async () => {
    const table = setTable(limits);
    await fill(table, 'a', 'a1', 40);
    await table.pass(4_000);
    table.holdUp(true);
    for (let n = 0; n < 10; n++) await table.pass(1_000);
    table.holdUp(false);
    await table.pass(5_000);
    expect(table.givenUp).toEqual([]);
    await table.pass(1);
    expect(table.givenUp).toHaveLength(8);
  });

  it('does not end while the process itself is full', async () => {
    const table = setTable({ process: 2, tenant: 2, endpoint: 2 });
    await fill(table, 'a', 'a1', 2);
    await fill(table, 'b', 'b1', 3);
    await table.pass(60_000);
    expect([table.givenUp.length, table.queue.size()]).toEqual([0, 3]);
    await table.end(0);
    expect(table.running.at(-1)?.item.tenantId).toBe('b');
  });
});

describe('a crowd', () => {
  const crowd = 4 * 32 + 1;

  it('is given up after a second in which almost none of it is served', async () => {
    const table = setTable(limits);
    await fill(table, 'a', 'a1', 32 + crowd);
    await table.pass(1);
    await table.pass(999);
    expect(table.givenUp).toEqual([]);
    await table.pass(1);
    expect(table.wants).toEqual(Array(crowd).fill('endpoint'));
    expect([table.running.length, table.queue.size()]).toEqual([32, 0]);
  });

  it('needs more than four items for each slot', async () => {
    const table = setTable(limits);
    await fill(table, 'a', 'a1', 32 + crowd - 1);
    await table.pass(4_000);
    expect(table.givenUp).toEqual([]);
  });

  /** A crowd of 200: each second `served` items are served and as many are added. Returns how many were given up. */
  async function serve(served: number, seconds: number) {
    const table = setTable(limits);
    await fill(table, 'a', 'a1', 32 + 200);
    for (let second = 0; second < seconds; second++) {
      await table.pass(1);
      for (let n = 0; n < served; n++) {
        await table.end(0);
        await table.push('a', 'a1');
      }
      await table.pass(999);
    }
    await table.pass(1);
    return table.givenUp.length;
  }

  it.each([
    [31, 1, 200],
    [32, 1, 0],
    [66, 4, 0],
    [66, 6, 200],
    [67, 60, 0],
  ])('of 200, with %i served in each of %i seconds, has %i items given up', async (served, seconds, givenUp) => {
    expect(await serve(served, seconds)).toBe(givenUp);
  });

  it('is measured by the limit of its endpoint', async () => {
    const table = setTable(limits);
    for (let n = 0; n < 6; n++) await table.push('a', 'a1', 1);
    await table.pass(1_250);
    expect([table.givenUp.length, table.running.length]).toEqual([5, 1]);
  });

  it('is measured again after the process was suspended or held up', async () => {
    const table = setTable(limits);
    await fill(table, 'a', 'a1', 32 + crowd);
    await table.pass(750);
    table.standStill(5_000);
    await table.pass(750);
    table.holdUp(true);
    await table.pass(750);
    table.holdUp(false);
    await table.pass(750);
    expect(table.givenUp).toEqual([]);
    await table.pass(250);
    expect(table.givenUp).toHaveLength(crowd);
  });

  it('does not affect other endpoints and tenants', async () => {
    const table = setTable(limits);
    await fill(table, 'a', 'a1', 32 + crowd);
    await fill(table, 'a', 'a2', 40);
    await fill(table, 'b', 'b1', 40);
    await table.pass(2_000);
    expect(new Set(table.givenUp.map(({ endpointId }) => endpointId))).toEqual(new Set(['a1']));
  });
});
