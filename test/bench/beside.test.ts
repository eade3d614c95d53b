// `--beside` of the bench: the stream of a scenario reaches another server, and what it delivers is measured.
import { describe, expect, it } from 'vitest';
import { runBeside } from '../../bench/beside.ts';
import type { Scenario } from '../../bench/scenario.ts';

const naive = `${process.execPath} bench/beside-naive.ts`;
const scenario: Scenario = { name: 'burst', roles: ['start'], endpoints: 3, query: '', events: 100, atOnce: 8 };
const never = new AbortController().signal;

describe('bench --beside', () => {
  it('posts each event to the other server, and measures its deliveries to all endpoints and its CPU time', async () => {
    const result = await runBeside(scenario, naive, never);
    expect(result).toMatchObject({ mode: 'beside', events: 100, accepted: 100, deliveries: 300, lost: 0, duplicates: 0 });
    expect(result.cpuMs.other).toBeGreaterThan(0);
  });

  it('sends each event to one endpoint if the scenario says so, of all its tenants in turn', async () => {
    const result = await runBeside({ ...scenario, tenants: 4, inTurn: true }, naive, never);
    expect(result).toMatchObject({ deliveries: 100, lost: 0, duplicates: 0 });
  });

  it('says that the adapter has ended, instead of waiting for it', async () => {
    await expect(runBeside(scenario, 'exit 7', never)).rejects.toThrow('the adapter ended with exit code 7');
  });

  it('ends the adapter when the bench is interrupted', async () => {
    const interrupted = AbortSignal.abort(new Error('interrupted'));
    await expect(runBeside(scenario, naive, interrupted)).rejects.toThrow('interrupted');
  });
});
