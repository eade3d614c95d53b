// A measure of simplicity: how many files and lines a reader must open to follow an event from the
// HTTP request to the recorded attempt. test/e2e/follow-one-event.test.ts shows that an event
// really takes this way.
import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { stopsOfOneEvent } from './stops.ts';

it('lists 12 files in CONTRIBUTING.md that do not grow beyond 1,300 lines', () => {
  const lines = stopsOfOneEvent.map((file) => readFileSync(file, 'utf8').trimEnd().split('\n').length);
  expect(stopsOfOneEvent).toHaveLength(12);
  expect(lines.reduce((sum, count) => sum + count, 0)).toBeLessThanOrEqual(1_300);
});
