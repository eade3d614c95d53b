// The order of a run's files: the longest first, so that no worker stands idle at the end while another has a long one left.
import { relative } from 'node:path';
import { BaseSequencer, type TestSpecification } from 'vitest/node';

/** Files that take 10 s and more, the longest first. What is missing or wrong here costs time and nothing else. */
const longest = [
  'chaos/ended-without-postgres',
  'lanes/stall',
  'chaos/batched-crash-points',
  'chaos/two-of-each',
  'chaos/batched-temporal-gone',
  'lanes/rate',
  'lanes/order-chaos',
  'chaos/kills',
  'chaos/batched-two-of-each',
  'chaos/crash-points',
  'lanes/fairness',
  'e2e/fan-out',
  'chaos/temporal-gone',
  'lanes/circuit',
  'relay/backpressure',
  'chaos/batched-in-flight',
  'e2e/start',
  'lanes/disable',
  'lanes/idle-race',
  'chaos/frozen-relay',
  'lanes/attacked',
  'chaos/batched-postgres-gone',
  'e2e/times',
  'embedded/temporal',
  'chaos/postgres-gone',
  'relay/mode',
  'relay/bad-days',
  'relay/parking',
  'relay/between-steps',
  'lanes/later',
  'attempts/first-attempter',
  'e2e/endpoint-wishes',
  'embedded/postgres',
];

export class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    // the others in the order that Vitest gives them
    const others = await super.sort(files);
    return others.sort((a, b) => rank(a) - rank(b));
  }
}

function rank({ moduleId }: TestSpecification): number {
  const name = relative(testFolder, moduleId).replace(/\.test\.ts$/, '');
  const place = longest.indexOf(name);
  return place === -1 ? longest.length : place;
}

const testFolder = `${import.meta.dirname}/..`;
