// How many processes run, and what each of them may use.
import { expect, it } from 'vitest';
import { readConfig } from '#config/config';
import { processesOf, shareOfConfig, shareOfMachine } from '#config/processes';

const count = (cores: number, memoryMiB = 1_000_000, env = {}) => processesOf(readConfig(env), { cores }, memoryMiB);

it('runs one process for each two cores, for each GiB at most, and four at most', () => {
  expect([1, 2, 3, 4, 7, 8, 64].map((cores) => count(cores))).toEqual([1, 1, 1, 2, 3, 4, 4]);
  expect([512, 1_024, 2_048, 3_500].map((memoryMiB) => count(8, memoryMiB))).toEqual([1, 1, 2, 3]);
});

it('runs as many as are set', () => {
  expect(count(2, 512, { POSTHORN_PROCESSES: '12' })).toBe(12);
  for (const set of ['0', '65', '1.5', 'many']) expect(() => count(2, 512, { POSTHORN_PROCESSES: set })).toThrow('POSTHORN_PROCESSES');
});

it('divides the load on Temporal and the cores, and nothing else', () => {
  const config = readConfig({ POSTHORN_WORKFLOWS_PER_SECOND: '30', POSTHORN_DISPATCHES_PER_SECOND: '2' });
  expect(shareOfConfig(config, 4)).toEqual({ ...config, POSTHORN_WORKFLOWS_PER_SECOND: 7.5, POSTHORN_DISPATCHES_PER_SECOND: 0.5 });
  expect(shareOfConfig(readConfig({}), 4).POSTHORN_WORKFLOWS_PER_SECOND).toBeUndefined();
  expect(shareOfMachine({ cores: 8 }, 4)).toEqual({ cores: 2 });
});
