// The pace of a replay job: when each of the next deliveries is due. A job that fell behind, after a crash say, catches up
// at a tenth above its pace, and never sends faster than that.

/** The next slot at the ideal pace, and the last slot taken, in milliseconds from now. */
export interface Pace {
  idealInMs: number;
  lastDueInMs: number;
}

/** Deliveries a second. */
export const paces = { slowest: 0.01, usual: 100, fastest: 1_000 } as const;

const catchUp = 1.1;
/** It does not catch up on more than this. */
const longestDebtMs = 60_000;

export interface Slots {
  /** Milliseconds from now, in order. */
  dueInMs: number[];
  /** Until the next one after these is due. */
  nextInMs: number;
}

/** The slots of the next `aheadMs`, at most `most` of them. */
export function nextSlots(
  { idealInMs, lastDueInMs }: Pace,
  perSecond: number,
  { aheadMs, most }: { aheadMs: number; most: number },
): Slots {
  const [step, fastStep] = [1_000 / perSecond, 1_000 / perSecond / catchUp];
  const dueInMs: number[] = [];
  let ideal = Math.max(idealInMs, -longestDebtMs);
  let last = Math.max(lastDueInMs, -fastStep);
  for (;;) {
    const due = Math.max(ideal, last + fastStep);
    if (due > aheadMs || dueInMs.length === most) return { dueInMs, nextInMs: due };
    dueInMs.push(due);
    last = due;
    ideal += step;
  }
}

/** The pace after the first `taken` of the slots that `nextSlots` returned were taken. */
export function paceAfter(pace: Pace, perSecond: number, { dueInMs }: Pick<Slots, 'dueInMs'>, taken: number): Pace {
  return {
    idealInMs: Math.max(pace.idealInMs, -longestDebtMs) + (taken * 1_000) / perSecond,
    lastDueInMs: taken === 0 ? pace.lastDueInMs : (dueInMs[taken - 1] ?? pace.lastDueInMs),
  };
}
