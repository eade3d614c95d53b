// A reporter that ends a test run with one plain line that tools can read.
import type { Reporter, TestModule } from 'vitest/node';

export function closingLine(print: (line: string) => void = (line) => void process.stdout.write(`${line}\n`)): Reporter {
  return {
    onTestRunEnd(modules, unhandledErrors) {
      const results = modules.flatMap((module) => [...module.children.allTests()].map((test) => test.result().state));
      const passed = results.filter((state) => state === 'passed').length;
      const failed =
        results.filter((state) => state === 'failed').length + modules.filter(brokenOutsideTests).length + unhandledErrors.length;
      // the other reporters print at the same time, so this waits until they have finished
      process.once('exit', () => print(`tests: ${passed} passed, ${failed} failed`));
    },
  };
}

// a file that could not be loaded, or whose hooks failed, counts as one failure
const brokenOutsideTests = (module: TestModule) =>
  module.errors().length > 0 || [...module.children.allSuites()].some((suite) => suite.errors().length > 0);
