// Ends a test run with one plain line that tools can read, whatever colours stand above it.
import type { Reporter, TestModule } from 'vitest/node';

export function closingLine(print: (line: string) => void = (line) => void process.stdout.write(`${line}\n`)): Reporter {
  return {
    onTestRunEnd(modules, unhandledErrors) {
      const results = modules.flatMap((module) => [...module.children.allTests()].map((test) => test.result().state));
      const passed = results.filter((state) => state === 'passed').length;
      const failed =
        results.filter((state) => state === 'failed').length + modules.filter(brokenOutsideTests).length + unhandledErrors.length;
      // the other reporters speak at the same moment: let them finish
      process.once('exit', () => print(`tests: ${passed} passed, ${failed} failed`));
    },
  };
}

// a file that could not be loaded, or whose hooks failed, counts as one failure
const brokenOutsideTests = (module: TestModule) =>
  module.errors().length > 0 || [...module.children.allSuites()].some((suite) => suite.errors().length > 0);
