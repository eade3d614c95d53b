import { describe, expect, it } from 'vitest';
import { readConfig } from '#config/config';
import { shareConnections, sizingOf, thisMachine } from '#config/sizing';

const small = { cores: 1 };
const laptop = { cores: 8 };

describe('sizingOf', () => {
  it('has defaults for small and large machines', () => {
    const config = readConfig({});
    expect(sizingOf(config, small)).toEqual({
      places: { process: 512, tenant: 128, endpoint: 32 },
      activities: 512 + 64,
      lanes: 256,
      budget: { perSecond: 12, burst: 10 },
      localActivities: 20,
      workflowTasks: 20,
      cachedWorkflows: 128,
      workflowSemiSpaceMiB: 8,
    });
    expect(sizingOf(config, laptop)).toMatchObject({
      budget: { perSecond: 96, burst: 48 },
      localActivities: 160,
      workflowTasks: 128,
      cachedWorkflows: 128,
    });
    expect(sizingOf(config, { cores: 128 })).toMatchObject({
      localActivities: 200,
      workflowTasks: 128,
      cachedWorkflows: 128,
    });
  });

  it('limits no part to more than the whole', () => {
    const config = readConfig({ POSTHORN_IN_FLIGHT: '20', POSTHORN_IN_FLIGHT_PER_ENDPOINT: '50', POSTHORN_CACHED_WORKFLOWS: '11' });
    expect(sizingOf(config, laptop)).toMatchObject({
      places: { process: 20, tenant: 20, endpoint: 20 },
      activities: 20 + 64,
      workflowTasks: 11,
      cachedWorkflows: 11,
    });
  });

  it('reads the size of the machine it runs on', () => {
    expect(thisMachine().cores).toBeGreaterThanOrEqual(1);
  });
});

describe('shareConnections', () => {
  const sizes = Array.from({ length: 489 }, (_, n) => n + 12);

  it.each(['worker', 'server'] as const)('gives each kind of work of a %s its own connections, and never more than the total', (role) => {
    for (const total of sizes) {
      const shares = Object.values(shareConnections(total, role));
      expect(Math.min(...shares)).toBeGreaterThanOrEqual(1);
      expect(shares.reduce((sum, share) => sum + share, 0)).toBe(total);
    }
  });

  it('reserves three connections at least for the lease, LISTEN, and a statement that may be slow', () => {
    for (const total of sizes) expect(shareConnections(total, 'worker').lease).toBeGreaterThanOrEqual(3);
  });

  it('gives API requests at least two, so that one tenant cannot use them all', () => {
    for (const total of sizes) expect(shareConnections(total, 'worker').callers).toBeGreaterThanOrEqual(2);
  });

  it('divides the default number as docs/performance-details.md describes', () => {
    expect(shareConnections(20, 'worker')).toEqual({ lease: 3, recording: 4, flow: 4, callers: 4, attempts: 3, lanes: 2 });
    expect(shareConnections(20, 'server')).toEqual({ lease: 2, recording: 1, flow: 4, callers: 11, attempts: 1, lanes: 1 });
  });
});
