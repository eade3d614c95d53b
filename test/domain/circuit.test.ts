// When the circuit of an endpoint opens, when it probes, and when it closes.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  addOutcomes,
  type Circuit,
  circuitTimes,
  closed,
  type Failures,
  noFailures,
  type Outcomes,
  opened,
  probed,
  shouldOpen,
} from '../../src/domain/circuit.ts';

const start = 1_800_000_000_000;
const minuteMs = 60_000;

interface Step extends Outcomes {
  /** Since the step before; below 0: the clock is behind. */
  gap: number;
}

const refusals = (gap: number, refused: number): Step => ({ gap, accepted: 0, refused, trailingRefused: refused });
const mixed = (gap: number, accepted: number, refused: number, trailingRefused = 0): Step => ({ gap, accepted, refused, trailingRefused });

function count(steps: Step[]): { failures: Failures; at: number } {
  let failures = noFailures();
  let at = start;
  for (const step of steps) {
    at += step.gap;
    failures = addOutcomes(failures, step, at);
  }
  return { failures, at };
}

describe('the circuit opens', () => {
  it.each<[string, Step[], boolean]>([
    ['nothing', [], false],
    ['19 in a row', [refusals(0, 19)], false],
    ['20 in a row', [refusals(0, 20)], true],
    ['20 in a row, one a day', Array(20).fill(refusals(86_400_000, 1)), true],
    ['20 in a row, as two count them', [refusals(0, 12), refusals(1, 8)], true],
    ['20 of which one was accepted', [refusals(0, 19), mixed(1, 1, 0), refusals(1, 1)], false],
    ['20 in a row after an acceptance in the same count', [mixed(0, 1, 20, 20)], true],
    ['many refused before the acceptance, few after', [mixed(0, 19, 20, 19)], false],
    ['39 attempts, nearly all refused', [mixed(0, 1, 38, 19)], false],
    ['40 attempts, half refused', [mixed(0, 20, 20)], false],
    ['40 attempts, one more than half refused', [mixed(0, 19, 21, 3)], true],
    ['over half of 40 in both halves of a minute', [mixed(0, 9, 11), mixed(59_999, 9, 11)], true],
    ['over half of 40, the first of them a minute old', [mixed(0, 9, 11), mixed(60_000, 9, 11)], false],
    ['over half of 41, the first of them in the last 30 s', [mixed(0, 1, 0), mixed(40_000, 9, 11), mixed(29_999, 10, 10)], true],
  ])('%s: %s', (_name, steps, expected) => {
    const { failures, at } = count(steps);
    expect(shouldOpen(failures, at)).toBe(expected);
  });

  it('no longer for a share that is a minute old, but still for a row', () => {
    const share = count([mixed(0, 10, 30)]);
    expect([0, 29_999, 30_000, 59_999, 60_000].map((ms) => shouldOpen(share.failures, share.at + ms))).toEqual([
      true,
      true,
      true,
      true,
      false,
    ]);
    const row = count([refusals(0, 20)]);
    expect(shouldOpen(row.failures, row.at + 86_400_000)).toBe(true);
  });

  it('whatever the clocks of those who count', () => {
    const behind = count([mixed(0, 5, 15), mixed(-60_000, 5, 15)]);
    expect([behind.at, start].map((at) => shouldOpen(behind.failures, at))).toEqual([true, true]);
    const setBack = count([mixed(0, 5, 15), mixed(-3_600_000, 5, 15)]);
    expect(shouldOpen(setBack.failures, setBack.at)).toBe(false);
    expect(shouldOpen(addOutcomes(setBack.failures, mixed(0, 5, 15), setBack.at + 1), setBack.at + 1)).toBe(true);
  });

  const steps = fc.array(
    fc
      .record({
        gap: fc.oneof(fc.integer({ min: 0, max: 5_000 }), fc.integer({ min: 0, max: 90_000 })),
        accepted: fc.integer({ min: 0, max: 30 }),
        refused: fc.integer({ min: 0, max: 30 }),
        trailing: fc.nat({ max: 19 }),
      })
      .map(({ gap, accepted, refused, trailing }) => mixed(gap, accepted, refused, accepted === 0 ? refused : Math.min(trailing, refused))),
    { maxLength: 30 },
  );

  it('for a row exactly when the last 20 were refused', () => {
    fc.assert(
      fc.property(steps, (all) => {
        let row = 0;
        for (const { accepted, refused, trailingRefused } of all) row = accepted > 0 ? trailingRefused : row + refused;
        expect(count(all).failures.inRow).toBe(row);
      }),
    );
  });

  it('for a share of all attempts since some moment that is 30 s to a minute ago', () => {
    fc.assert(
      fc.property(steps, fc.nat({ max: 90_000 }), (all, laterMs) => {
        const { failures, at } = count(all);
        fc.pre(failures.inRow < 20);
        const verdicts = sincesOf(all, laterMs).map((since) => {
          const refused = since.reduce((sum, step) => sum + step.refused, 0);
          const attempts = since.reduce((sum, step) => sum + step.accepted, refused);
          return attempts >= 40 && refused * 2 > attempts;
        });
        expect(verdicts).toContain(shouldOpen(failures, at + laterMs));
      }),
      { numRuns: 1_000 },
    );
  });

  /** What may be counted so long after the last step: all that is up to 30 s old, nothing that is a minute old, in between from any step on. */
  function sincesOf(all: Step[], laterMs: number): Step[][] {
    const since = [];
    let age = laterMs;
    let first = all.length;
    for (; first > 0 && age < minuteMs; first--) {
      if (age > minuteMs / 2) since.push(all.slice(first));
      age += all[first - 1]?.gap ?? 0;
    }
    return [...since, all.slice(first)];
  }
});

describe('a probe', () => {
  const play = (answers: string, every = 1_000): { circuit: Circuit; at: number } => {
    let circuit = opened(start, circuitTimes);
    let at = start;
    for (const answer of answers) {
      at += every;
      circuit = probed(circuit, answer === 'a', at, circuitTimes);
    }
    return { circuit, at };
  };
  /** How long the next probe waits; null: closed. */
  const pause = (answers: string) => {
    const { circuit, at } = play(answers);
    return circuit.state === 'closed' ? null : circuit.probeAtMs - at;
  };

  it.each<[string, number | null]>([
    ['', 5_000],
    ['r', 10_000],
    ['rr', 20_000],
    ['rrr', 40_000],
    ['rrrr', 80_000],
    ['rrrrr', 160_000],
    ['rrrrrr', 300_000],
    ['r'.repeat(5_000), 300_000],
    ['a', 0],
    ['aa', 0],
    ['aaa', null],
    ['aaar', null],
    ['aar', 10_000],
    ['aaraa', 0],
    ['aaraaa', null],
    ['rara', 0],
    ['rarar', 40_000],
    ['rrraaa', null],
  ])('after %j waits %s', (answers, expected) => {
    expect(pause(answers)).toBe(expected);
  });

  it('closes with three acceptances in a row and nothing else, and waits as long as there were refusals', () => {
    fc.assert(
      fc.property(fc.stringMatching(/^[ar]{0,40}$/), (answers) => {
        const end = answers.indexOf('aaa');
        const asked = end < 0 ? answers : answers.slice(0, end + 3);
        const refused = asked.replaceAll('a', '').length;
        if (end >= 0) expect(pause(answers)).toBeNull();
        else if (asked.endsWith('a')) expect(pause(answers)).toBe(0);
        else expect(pause(answers)).toBe(Math.min(300_000, 5_000 * 2 ** refused));
      }),
      { numRuns: 1_000 },
    );
  });

  it('has other times where others are set', () => {
    const times = { firstProbeMs: 50, longestProbeMs: 120 };
    let circuit = opened(start, times);
    const waits = [];
    for (let n = 0; n < 4; n++) {
      waits.push(circuit.state === 'open' ? circuit.probeAtMs - start : null);
      circuit = probed(circuit, false, start, times);
    }
    expect(waits).toEqual([50, 100, 120, 120]);
  });
});

it('is small plain JSON', () => {
  for (const state of [noFailures(), count([mixed(0, 3, 5, 2), mixed(31_000, 1, 9, 9)]).failures, closed, opened(start, circuitTimes)])
    expect(JSON.parse(JSON.stringify(state))).toEqual(state);
});
