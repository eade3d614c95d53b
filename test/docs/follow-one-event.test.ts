// The measure of the code: how much one has to open to follow an event from the HTTP request to the recorded attempt. That an event goes this way is shown by
// test/e2e/follow-one-event.test.ts.
import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { stopsOfOneEvent } from './stops.ts';

it('is told by README, stop by stop, and does not grow', () => {
  const lines = stopsOfOneEvent.map((file) => readFileSync(file, 'utf8').trimEnd().split('\n').length);
  expect(stopsOfOneEvent).toHaveLength(11);
  expect(lines.reduce((sum, count) => sum + count, 0)).toBeLessThanOrEqual(1_200);
});
