// The circuit of an endpoint: when it opens, when it sends probes, and when it closes.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Sign } from '#domain/deliveries/outcome';
import {
  addSeen,
  type Circuit,
  circuitTimes,
  closed,
  type Failures,
  failsAlone,
  forgiven,
  noFailures,
  opened,
  probed,
  probeOrder,
  type Seen,
  shouldOpen,
} from '#domain/lanes/circuit';

const start = 1_800_000_000_000;
const minuteMs = 60_000;

const type = 'order.created';

interface Step {
  accepted: number;
  refused: number;
  /** Refusals after the last acceptance; all of them if nothing was accepted. */
  trailingRefused: number;
  /** Milliseconds since the previous step; below 0: the clock is back. */
  gap: number;
}

const refusals = (gap: number, refused: number): Step => ({ gap, accepted: 0, refused, trailingRefused: refused });
const mixed = (gap: number, accepted: number, refused: number, trailingRefused = 0): Step => ({ gap, accepted, refused, trailingRefused });

function seenIn({ accepted, refused, trailingRefused }: Step): Seen[] {
  const run = (sign: Sign, times: number): Seen[] => (times > 0 ? [{ type, sign, times }] : []);
  return [...run('failed', refused - trailingRefused), ...run('accepted', accepted), ...run('failed', trailingRefused)];
}

function count(steps: Step[]): { failures: Failures; at: number } {
  let failures = noFailures();
  let at = start;
  for (const step of steps) {
    at += step.gap;
    failures = addSeen(failures, seenIn(step), at);
  }
  return { failures, at };
}

describe('the circuit opens', () => {
  it.each<[string, Step[], boolean]>([
    ['no attempts', [], false],
    ['19 in a row', [refusals(0, 19)], false],
    ['20 in a row', [refusals(0, 20)], true],
    ['20 in a row, one a day', Array(20).fill(refusals(86_400_000, 1)), true],
    ['20 in a row, counted by two processes', [refusals(0, 12), refusals(1, 8)], true],
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

  it('not because of a share of failures that is a minute old, but because of 20 in a row of any age', () => {
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

  it('with any clocks of the counting processes', () => {
    const behind = count([mixed(0, 5, 15), mixed(-60_000, 5, 15)]);
    expect([behind.at, start].map((at) => shouldOpen(behind.failures, at))).toEqual([true, true]);
    const setBack = count([mixed(0, 5, 15), mixed(-3_600_000, 5, 15)]);
    expect(shouldOpen(setBack.failures, setBack.at)).toBe(false);
    expect(shouldOpen(addSeen(setBack.failures, seenIn(mixed(0, 5, 15)), setBack.at + 1), setBack.at + 1)).toBe(true);
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

  it('because of a row exactly when the last 20 attempts were refused', () => {
    fc.assert(
      fc.property(steps, (all) => {
        let row = 0;
        for (const { accepted, refused, trailingRefused } of all) row = accepted > 0 ? trailingRefused : row + refused;
        expect(count(all).failures.inRow).toBe(row);
      }),
    );
  });

  it('because of a share of the attempts in a window of 30 s to a minute', () => {
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

  /**
   * Possible counts at this time after the last step: everything up to 30 s old, nothing a minute old, in between from
   * any step on.
   */
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

/** `A`, `B`: an event of that type failed; `a`, `b`: it was accepted; `n`: one of type A got a 404. */
function failuresAfter(answers: string, at = start): Failures {
  const sign = (answer: string): Sign => (answer === 'n' ? 'answered' : answer === answer.toUpperCase() ? 'failed' : 'accepted');
  const seen = [...answers].map((answer) => ({ type: answer === 'n' ? 'A' : answer.toUpperCase(), sign: sign(answer), times: 1 }));
  return addSeen(noFailures(), seen, at);
}

describe('an event type that fails alone', () => {
  it.each<[string, string, boolean]>([
    ['40 of it beside others', `${'A'.repeat(5)}b`.repeat(8), false],
    ['40 of it and nothing else', 'A'.repeat(40), true],
    ['19 of it before another is accepted, and 21 more', `${'A'.repeat(19)}b${'A'.repeat(21)}`, false],
    ['20 of it before another is accepted', 'A'.repeat(20), true],
    ['another type then fails 19 times', `${'A'.repeat(19)}b${'A'.repeat(9)}${'B'.repeat(19)}`, false],
    ['another type then fails 20 times', `${'A'.repeat(19)}b${'A'.repeat(9)}${'B'.repeat(20)}`, true],
    ['it was accepted since, and fails with the other', `${'A'.repeat(19)}ba${'AB'.repeat(10)}`, true],
    ['404 to every event', 'n'.repeat(100), false],
    ['404 between 19 failures', `${'A'.repeat(19)}n`.repeat(2), false],
  ])('%s: opens %s', (_name, answers, expected) => {
    // enough was accepted before that the share of failures stays below half
    expect(shouldOpen(failuresAfter(`${'b'.repeat(40)}${answers}`), start)).toBe(expected);
  });

  it('never opens the circuit after 10 failures beside a healthy type, for any answers', () => {
    fc.assert(
      fc.property(fc.array(fc.constantFrom('A', 'b'), { maxLength: 300 }), (answers) => {
        let failures = failuresAfter(`${'A'.repeat(10)}b`);
        expect(failsAlone(failures, 'A')).toBe(true);
        for (const answer of answers) {
          failures = addSeen(failures, [{ type: answer.toUpperCase(), sign: answer === 'A' ? 'failed' : 'accepted', times: 1 }], start);
          expect(shouldOpen(failures, start)).toBe(false);
        }
      }),
    );
  });

  it('does not hide failures of another type: 20 of them open the circuit as usual', () => {
    fc.assert(
      fc.property(fc.array(fc.constantFrom('A', 'B'), { maxLength: 100 }), (answers) => {
        let failures = failuresAfter(`${'A'.repeat(10)}b`);
        for (const answer of answers) failures = addSeen(failures, [{ type: answer, sign: 'failed', times: 1 }], start);
        const others = answers.filter((answer) => answer === 'B').length;
        expect(failures.inRow).toBe(others);
        if (others >= 20) expect(shouldOpen(failures, start)).toBe(true);
      }),
    );
  });

  it('has the same counts for single attempts and for runs', () => {
    const runs = fc.array(
      fc.record({
        type: fc.constantFrom('A', 'B', 'C'),
        sign: fc.constantFrom<Sign>('accepted', 'answered', 'failed'),
        times: fc.integer({ min: 1, max: 15 }),
      }),
      { maxLength: 20 },
    );
    fc.assert(
      fc.property(runs, (seen) => {
        const single = seen.flatMap((one) => Array.from({ length: one.times }, () => ({ ...one, times: 1 })));
        expect(addSeen(noFailures(), seen, start)).toEqual(addSeen(noFailures(), single, start));
      }),
    );
  });

  it('is remembered for at most 32 types, also after the circuit has closed', () => {
    const types = Array.from({ length: 100 }, (_, n) => `type${n}`);
    const failures = addSeen(
      noFailures(),
      types.map((one) => ({ type: one, sign: 'failed', times: 1 })),
      start,
    );
    expect(failures.types.map((one) => one.type)).toEqual(types.slice(-32));
    expect(forgiven(failures)).toEqual({ ...noFailures(), notAccepted: 100, types: failures.types });
  });
});

describe('probes of several event types', () => {
  /** `A`: a probe of that type is refused, `a`: accepted. */
  const play = (answers: string): Circuit =>
    [...answers].reduce<Circuit>(
      (circuit, answer) => {
        const accepted = answer === answer.toLowerCase();
        return probed(circuit, answer.toUpperCase(), accepted, start, { firstProbeMs: 5_000, longestProbeMs: 300_000 });
      },
      opened(start, circuitTimes),
    );
  const pauseOf = (circuit: Circuit) => (circuit.state === 'closed' ? null : circuit.probeAtMs - start);

  it.each<[string, number | null]>([
    ['aAaAaA', 20_000],
    ['AaAaAa', 0],
    ['bAbAb', null],
    ['AAAAbA', 5_000],
    ['AAAAbAA', 10_000],
    ['AAAAbAAb', 0],
    ['AAAAbAAbA', 5_000],
    ['bBb', 0],
    ['bAbBab', 0],
    ['abc', null],
  ])('%s: the next probe is due in %s ms', (answers, expected) => {
    expect(pauseOf(play(answers))).toBe(expected);
  });

  it('close the circuit with the third acceptance of types that are never refused, even if others are refused in between', () => {
    fc.assert(
      fc.property(fc.stringMatching(/^[ABCxyz]{0,40}$/), (answers) => {
        const accepted = answers.replaceAll(/[A-Z]/g, '').length;
        expect(play(answers).state).toBe(accepted >= 3 ? 'closed' : 'open');
      }),
    );
  });

  it('try every waiting type before a refused type is tried again', () => {
    const waiting = fc.uniqueArray(fc.stringMatching(/^[a-z]{1,3}$/), { minLength: 1, maxLength: 30 });
    fc.assert(
      fc.property(waiting, (types) => {
        let failures = noFailures();
        const asked: string[] = [];
        for (let refusedProbes = 0; refusedProbes < types.length; refusedProbes++) {
          const [next = ''] = probeOrder(types, failures, refusedProbes);
          asked.push(next);
          failures = addSeen(failures, [{ type: next, sign: 'failed', times: 1 }], start);
        }
        expect(new Set(asked)).toEqual(new Set(types));
        // then the order starts again
        expect(probeOrder(types, failures, types.length)).toEqual(asked);
      }),
    );
  });

  it('stay with an accepted type', () => {
    const failures = addSeen(
      noFailures(),
      [
        { type: 'bad', sign: 'failed', times: 3 },
        { type: 'good', sign: 'accepted', times: 1 },
      ],
      start,
    );
    expect(probeOrder(['bad', 'good'], failures, 7)).toEqual(['good', 'bad']);
  });
});

describe('a probe', () => {
  const play = (answers: string, every = 1_000): { circuit: Circuit; at: number } => {
    let circuit = opened(start, circuitTimes);
    let at = start;
    for (const answer of answers) {
      at += every;
      circuit = probed(circuit, type, answer === 'a', at, circuitTimes);
    }
    return { circuit, at };
  };
  /** Milliseconds until the next probe; null: the circuit is closed. */
  const pause = (answers: string) => {
    const { circuit, at } = play(answers);
    return circuit.state === 'closed' ? null : circuit.probeAtMs - at;
  };

  it.each<[string, number | null]>([
    ['', 5_000],
    ['r', 10_000],
    ['rr', 20_000],
    ['rrr', 20_000],
    ['r'.repeat(23), 20_000],
    ['r'.repeat(24), 300_000],
    ['r'.repeat(5_000), 300_000],
    ['a', 0],
    ['aa', 0],
    ['aaa', null],
    ['aaar', null],
    ['aar', 10_000],
    ['aaraa', 0],
    ['aaraaa', null],
    ['rara', 0],
    ['rarar', 20_000],
    ['rrraaa', null],
  ])('after the answers %j is due in %s ms', (answers, expected) => {
    expect(pause(answers)).toBe(expected);
  });

  it('closes the circuit only with three acceptances in a row, and its wait grows with the refusals', () => {
    fc.assert(
      fc.property(fc.stringMatching(/^[ar]{0,40}$/), (answers) => {
        const end = answers.indexOf('aaa');
        const asked = end < 0 ? answers : answers.slice(0, end + 3);
        const refused = asked.replaceAll('a', '').length;
        if (end >= 0) expect(pause(answers)).toBeNull();
        else if (asked.endsWith('a')) expect(pause(answers)).toBe(0);
        else expect(pause(answers)).toBe(Math.min(refused < 24 ? 20_000 : 300_000, 5_000 * 2 ** refused));
      }),
      { numRuns: 1_000 },
    );
  });

  it('uses the configured times', () => {
    const times = { firstProbeMs: 50, longestProbeMs: 120 };
    let circuit = opened(start, times);
    const waits = [];
    for (let n = 0; n < 4; n++) {
      waits.push(circuit.state === 'open' ? circuit.probeAtMs - start : null);
      circuit = probed(circuit, type, false, start, times);
    }
    expect(waits).toEqual([50, 100, 120, 120]);
  });
});

it('a circuit is small plain JSON', () => {
  for (const state of [noFailures(), count([mixed(0, 3, 5, 2), mixed(31_000, 1, 9, 9)]).failures, closed, opened(start, circuitTimes)])
    expect(JSON.parse(JSON.stringify(state))).toEqual(state);
});
