// Orders the test files of a run, the longest first. Files with many processes ("crowded") run on
// all workers but one, so the machine is not overloaded and no worker idles at the end.
import { BaseSequencer, type TestSpecification } from 'vitest/node';
import { nameOf, readFileTimes } from './file-times.ts';

/**
 * Files that start processes or thousands of workflows, with their approximate seconds in a first run. A wrong number
 * only costs time.
 */
const crowded: Record<string, number> = {
  'chaos/ended-without-postgres': 58,
  'chaos/two-of-each': 25,
  'lanes/stall': 57,
  'chaos/batched-temporal-gone': 37,
  'chaos/batched-crash-points': 44,
  'lanes/rate': 37,
  'lanes/order-chaos': 34,
  'chaos/kills': 31,
  'chaos/batched-two-of-each': 29,
  'chaos/crash-points': 27,
  'e2e/fan-out': 24,
  'chaos/temporal-gone': 24,
  'relay/backpressure': 22,
  'chaos/batched-in-flight': 21,
  'e2e/start': 21,
  'e2e/dev': 20,
  'chaos/frozen-relay': 17,
  'chaos/batched-postgres-gone': 16,
  'chaos/postgres-gone': 13,
};

/** The longest of the other files, with their approximate seconds in a first run. */
const long: Record<string, number> = {
  'e2e/attempt-requests': 20,
  'embedded/temporal': 13,
  'embedded/postgres': 10,
  'embedded/data-dir': 5,
  'lanes/fairness': 27,
  'lanes/circuit': 23,
  'lanes/disable': 19,
  'lanes/idle-race': 18,
  'lanes/attacked': 17,
  'e2e/times': 14,
  'e2e/upkeep-by-hand': 14,
  'relay/mode': 13,
  'relay/bad-days': 12,
  'relay/parking': 12,
  'relay/between-steps': 12,
  'lanes/later': 12,
  'attempts/first-attempter': 12,
  'e2e/endpoint-wishes': 11,
};
const usualSeconds = 4;

export class OrderOfFiles extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const others = await super.sort(files);
    // a process runs many files of one project, so the projects are not mixed
    const unit = others.filter(({ project }) => project.name === 'unit').sort(longestFirst);
    const integration = others.filter(({ project }) => project.name !== 'unit').sort(longestFirst);
    return [...unit, ...mixed(integration, this.ctx.config.maxWorkers)];
  }
}

/** Simulates the run: whenever a worker is free it gets the next file, crowded or not. */
function mixed(files: TestSpecification[], workers: number): TestSpecification[] {
  const left = { crowded: files.filter(isCrowded), alone: files.filter((file) => !isCrowded(file)) };
  const running: { until: number; crowded: boolean }[] = [];
  const order: TestSpecification[] = [];
  while (order.length < files.length) {
    if (running.length === workers) running.sort((a, b) => b.until - a.until);
    const now = running.length === workers ? (running.pop()?.until ?? 0) : 0;
    const mayCrowd = running.filter((one) => one.crowded).length < Math.max(1, workers - 1);
    const next = (mayCrowd && left.crowded.shift()) || left.alone.shift() || left.crowded.shift();
    if (!next) break;
    running.push({ until: now + secondsOf(next), crowded: isCrowded(next) });
    order.push(next);
  }
  return order;
}

const lastTimes = readFileTimes();
const isCrowded = ({ moduleId }: TestSpecification) => nameOf(moduleId) in crowded;

function secondsOf({ moduleId }: TestSpecification): number {
  const name = nameOf(moduleId);
  return lastTimes[name] ?? crowded[name] ?? long[name] ?? usualSeconds;
}

const longestFirst = (a: TestSpecification, b: TestSpecification) => secondsOf(b) - secondsOf(a);
