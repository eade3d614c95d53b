import { expect, it } from 'vitest';
import { gapsIn } from '#domain/views/lane-view';

it.each<[string, number[], number, number, number[]]>([
  ['nothing was accepted', [], 1, 100, []],
  ['the first alone', [1], 1, 100, []],
  ['all', [3, 2, 1], 1, 100, []],
  ['a gap', [5, 4, 2, 1], 1, 100, [3]],
  ['gaps, the newest first', [7, 4, 2], 1, 100, [6, 5, 3, 1]],
  ['at most as many as requested', [1_000], 1, 3, [999, 998, 997]],
  ['none below the lowest known', [12, 10], 10, 100, [11]],
  ['in any order', [2, 4, 1], 1, 100, [3]],
])('gaps in sequence numbers: %s', (_, accepted, lowest, most, gaps) => {
  expect(gapsIn(accepted, lowest, most)).toEqual(gaps);
});
