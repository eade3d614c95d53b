// The measure of the code: how much one has to open to follow an event from the HTTP request to the recorded attempt.
import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';

const stops = [...readFileSync('README.md', 'utf8').matchAll(/^\d+\. `(src\/[^`]+)`/gm)].map((match) => match[1] ?? '');

it('is told by README, stop by stop, and does not grow', () => {
  const lines = stops.map((file) => readFileSync(file, 'utf8').trimEnd().split('\n').length);
  expect(stops).toHaveLength(11);
  expect(lines.reduce((sum, count) => sum + count, 0)).toBeLessThanOrEqual(1_200);
});
