// Items for an endpoint or tenant that gets no slot are given up after 5 s. They are served again
// once a slot is free.
import { describe, expect, it } from 'vitest';
import { setTable } from './table.ts';

const limits = { process: 512, tenant: 128, endpoint: 32 };

function fill(table: ReturnType<typeof setTable>, tenantId: string, endpointId: string, items: number): void {
  for (let n = 0; n < items; n++) table.push(tenantId, endpointId);
}

describe('the wait of 5 s for a slot', () => {
  it('ends for the items that wait for an endpoint, and for later ones', () => {
    const table = setTable(limits);
    fill(table, 'a', 'a1', 40);
    table.pass(4_999);
    table.pass(1);
    expect(table.givenUp).toEqual([]);
    table.pass(1);
    expect(table.givenUp).toHaveLength(8);
    expect(new Set(table.wants)).toEqual(new Set(['endpoint']));
    fill(table, 'a', 'a1', 2);
    expect(table.givenUp).toHaveLength(10);
    expect([table.running.length, table.queue.size()]).toEqual([32, 0]);
  });

  it('starts again when the endpoint has answered', async () => {
    const table = setTable(limits);
    fill(table, 'a', 'a1', 40);
    table.pass(5_001);
    table.end(0);
    fill(table, 'a', 'a1', 3);
    expect([table.running.length, table.queue.size(), table.givenUp.length]).toEqual([32, 2, 8]);
    table.pass(5_000);
    expect(table.queue.size()).toBe(2);
    table.pass(1);
    expect(table.queue.size()).toBe(0);
  });

  it('goes on as long as a response comes now and then', async () => {
    const table = setTable(limits);
    for (let n = 0; n < 5; n++) table.push('a', 'a1', 1);
    for (let n = 0; n < 4; n++) {
      table.pass(4_900);
      table.end(0);
    }
    expect([table.running.length, table.queue.size(), table.givenUp.length]).toEqual([1, 0, 0]);
  });

  it('ends also when other users hold all slots of the endpoint, and starts again when one of them is freed', () => {
    const table = setTable(limits);
    for (let n = 0; n < 32; n++) table.othersTake('a', 'a1');
    fill(table, 'a', 'a1', 5);
    table.pass(5_001);
    expect(table.givenUp).toHaveLength(5);
    table.othersLeave(0);
    fill(table, 'a', 'a1', 2);
    expect([table.running.length, table.queue.size(), table.givenUp.length]).toEqual([1, 1, 5]);
  });

  it('starts again when no item came for longer than 5 s', () => {
    const table = setTable(limits);
    for (let n = 0; n < 32; n++) table.othersTake('a', 'a1');
    fill(table, 'a', 'a1', 5);
    table.pass(5_001);
    expect(table.givenUp).toHaveLength(5);
    table.pass(5_000);
    fill(table, 'a', 'a1', 1);
    expect(table.givenUp).toHaveLength(6);
    table.pass(5_001);
    fill(table, 'a', 'a1', 2);
    expect([table.queue.size(), table.givenUp.length]).toEqual([2, 6]);
    table.pass(5_000);
    expect(table.queue.size()).toBe(2);
    table.pass(1);
    expect([table.queue.size(), table.givenUp.length]).toEqual([0, 8]);
  });

  it('does not count the time in which the process was suspended', () => {
    const table = setTable(limits);
    fill(table, 'a', 'a1', 40);
    table.pass(4_000);
    table.standStill(60_000);
    table.pass(250);
    table.pass(5_000);
    expect(table.givenUp).toEqual([]);
    table.pass(1);
    expect(table.givenUp).toHaveLength(8);
  });

  it('does not affect other endpoints and tenants', () => {
    const table = setTable(limits);
    fill(table, 'a', 'a1', 40);
    fill(table, 'b', 'b1', 20);
    table.pass(5_001);
    fill(table, 'a', 'a2', 20);
    fill(table, 'b', 'b1', 12);
    expect(new Set(table.givenUp.map(({ endpointId }) => endpointId))).toEqual(new Set(['a1']));
    expect(table.running).toHaveLength(32 + 20 + 32);
  });

  it('ends for a whole tenant that gets no slot, so that hanging endpoints do not fill the memory', async () => {
    const table = setTable(limits);
    for (const endpointId of ['a1', 'a2', 'a3', 'a4']) fill(table, 'a', endpointId, 40);
    fill(table, 'a', 'a5', 5);
    fill(table, 'b', 'b1', 5);
    expect(table.running).toHaveLength(128 + 5);
    table.pass(5_001);
    expect(table.givenUp).toHaveLength(4 * 8 + 5);
    expect(new Set(table.wants)).toEqual(new Set(['tenant']));
    table.push('a', 'a6');
    expect(table.givenUp).toHaveLength(4 * 8 + 6);
    table.end(0);
    table.push('a', 'a6');
    expect(table.running.at(-1)?.item.endpointId).toBe('a6');
    expect(table.queue.size()).toBe(0);
  });

  it('does not count the time in which Posthorn itself is held up', () => {
    const table = setTable(limits);
    fill(table, 'a', 'a1', 40);
    table.pass(4_000);
    table.holdUp(true);
    for (let n = 0; n < 10; n++) table.pass(1_000);
    table.holdUp(false);
    table.pass(5_000);
    expect(table.givenUp).toEqual([]);
    table.pass(1);
    expect(table.givenUp).toHaveLength(8);
  });

  it('does not end while the process itself is full', async () => {
    const table = setTable({ process: 2, tenant: 2, endpoint: 2 });
    fill(table, 'a', 'a1', 2);
    fill(table, 'b', 'b1', 3);
    table.pass(60_000);
    expect([table.givenUp.length, table.queue.size()]).toEqual([0, 3]);
    table.end(0);
    expect(table.running.at(-1)?.item.tenantId).toBe('b');
  });
});

describe('an endpoint for which too many wait', () => {
  const tooMany = 4 * 32 + 1;

  it('is given up after a second in which almost none of it is served', () => {
    const table = setTable(limits);
    fill(table, 'a', 'a1', 32 + tooMany);
    table.pass(1);
    table.pass(999);
    expect(table.givenUp).toEqual([]);
    table.pass(1);
    expect(table.wants).toEqual(Array(tooMany).fill('endpoint'));
    expect([table.running.length, table.queue.size()]).toEqual([32, 0]);
  });

  it('needs more than four items for each slot', () => {
    const table = setTable(limits);
    fill(table, 'a', 'a1', 32 + tooMany - 1);
    table.pass(4_000);
    expect(table.givenUp).toEqual([]);
  });

  /** 200 that wait: each second `served` items are served and as many are added. Returns how many were given up. */
  async function serve(served: number, seconds: number) {
    const table = setTable(limits);
    fill(table, 'a', 'a1', 32 + 200);
    for (let second = 0; second < seconds; second++) {
      table.pass(1);
      for (let n = 0; n < served; n++) {
        table.end(0);
        table.push('a', 'a1');
      }
      table.pass(999);
    }
    table.pass(1);
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

  it('is measured by the limit of its endpoint', () => {
    const table = setTable(limits);
    for (let n = 0; n < 6; n++) table.push('a', 'a1', 1);
    table.pass(1_250);
    expect([table.givenUp.length, table.running.length]).toEqual([5, 1]);
  });

  it('is measured again after the process was suspended or held up', () => {
    const table = setTable(limits);
    fill(table, 'a', 'a1', 32 + tooMany);
    table.pass(750);
    table.standStill(5_000);
    table.pass(750);
    table.holdUp(true);
    table.pass(750);
    table.holdUp(false);
    table.pass(750);
    expect(table.givenUp).toEqual([]);
    table.pass(250);
    expect(table.givenUp).toHaveLength(tooMany);
  });

  it('does not affect other endpoints and tenants', () => {
    const table = setTable(limits);
    fill(table, 'a', 'a1', 32 + tooMany);
    fill(table, 'a', 'a2', 40);
    fill(table, 'b', 'b1', 40);
    table.pass(2_000);
    expect(new Set(table.givenUp.map(({ endpointId }) => endpointId))).toEqual(new Set(['a1']));
  });
});
