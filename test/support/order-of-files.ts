// Orders the test files of a run by their last times, the longest first. The chaos tests, with many
// processes each, run on half of the workers: the machine is not overloaded, and no worker idles at the end.
import { BaseSequencer, type TestSpecification } from 'vitest/node';
import { nameOf, readFileTimes } from './file-times.ts';
import { serverProject } from './temporal-server/short-form.ts';

/** Seconds of a file that has no time yet, by its folder. Wrong numbers only cost time. */
const firstRun: Record<string, number> = { chaos: 30, lanes: 14, e2e: 12, embedded: 10, relay: 8, attempts: 5 };
const usualSeconds = 3;

export class OrderOfFiles extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const others = await super.sort(files);
    // a process runs many files of one project, so the projects are not mixed
    const [unit, onServer, integration] = ['unit', serverProject, 'integration'].map((name) =>
      others.filter(({ project }) => project.name === name).sort(longestFirst),
    );
    return [...(unit ?? []), ...[onServer, integration].flatMap((files) => mixed(files ?? [], this.ctx.config.maxWorkers))];
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
    const mayCrowd = running.filter((one) => one.crowded).length < Math.max(1, Math.floor(workers / 2));
    const next = (mayCrowd && left.crowded.shift()) || left.alone.shift() || left.crowded.shift();
    if (!next) break;
    running.push({ until: now + secondsOf(next), crowded: isCrowded(next) });
    order.push(next);
  }
  return order;
}

const lastTimes = readFileTimes();
const folderOf = ({ moduleId }: TestSpecification) => nameOf(moduleId).split('/')[0] ?? '';
const isCrowded = (file: TestSpecification) => folderOf(file) === 'chaos';
const secondsOf = (file: TestSpecification) => lastTimes[nameOf(file.moduleId)] ?? firstRun[folderOf(file)] ?? usualSeconds;
const longestFirst = (a: TestSpecification, b: TestSpecification) => secondsOf(b) - secondsOf(a);
