import { describe, expect, it } from 'vitest';
import { readConfig } from '../src/config.ts';
import { sizingOf, thisMachine } from '../src/sizing.ts';

const small = { cores: 1, memoryMiB: 512 };
const laptop = { cores: 8, memoryMiB: 16_384 };

describe('sizingOf', () => {
  it('has defaults for small and large machines', () => {
    const config = readConfig({});
    expect(sizingOf(config, small)).toEqual({
      places: { process: 512, tenant: 128, endpoint: 32 },
      activities: 512 + 64,
      lanes: 256,
      localActivities: 10,
      workflowTasks: 20,
      cachedWorkflows: 128,
      workflowSemiSpaceMiB: 8,
    });
    expect(sizingOf(config, laptop)).toMatchObject({ localActivities: 80, workflowTasks: 160, cachedWorkflows: 250 });
    expect(sizingOf(config, { cores: 128, memoryMiB: 128 })).toMatchObject({
      localActivities: 100,
      workflowTasks: 100,
      cachedWorkflows: 100,
    });
  });

  it('lets no part be larger than the whole', () => {
    const config = readConfig({ POSTHORN_IN_FLIGHT: '20', POSTHORN_IN_FLIGHT_PER_ENDPOINT: '50', POSTHORN_CACHED_WORKFLOWS: '11' });
    expect(sizingOf(config, laptop)).toMatchObject({
      places: { process: 20, tenant: 20, endpoint: 20 },
      activities: 20 + 64,
      workflowTasks: 11,
      cachedWorkflows: 11,
    });
  });

  it('knows the machine it runs on', () => {
    const { cores, memoryMiB } = thisMachine();
    expect(cores).toBeGreaterThanOrEqual(1);
    expect(memoryMiB).toBeGreaterThan(100);
    expect(memoryMiB).toBeLessThan(1e9);
  });
});
