// Answers "down for so long: delivered when?" from a retry policy, in numbers and in a sentence.
import { z } from 'zod';
import { attemptsOf, type RetryPolicy, waitAfter } from '#domain/deliveries/retry-schedule';
import { type SimulatedOutage, type Simulation, simulateRetries } from '#domain/deliveries/retry-simulation';

const moment = z
  .object({
    attempt: z.int().describe('number of the attempt that is accepted'),
    afterMs: z.int().describe('milliseconds after the event was accepted'),
    after: z.string().describe('the same for people, such as `7 h 36 min`'),
  })
  .meta({ id: 'SimulatedMoment' });

export const attemptTimeView = z
  .object({
    number: z.int(),
    waitMs: z.number().nullable().describe('the wait before it, without jitter; null: the first attempt, made at once'),
    earliestAfterMs: z.int().describe('milliseconds after the event was accepted'),
    latestAfterMs: z.int().describe('the same, if each attempt before it takes its whole timeout'),
    between: z.string().describe('both for people'),
  })
  .meta({ id: 'SimulatedAttempt' });

export const outageView = z
  .object({
    downForMs: z.int(),
    acceptedAfterMs: z.int().describe('how long the endpoint had been down when the event was accepted'),
    outcome: z
      .enum(['delivered', 'perhaps', 'dead_letter'])
      .describe(
        'delivered: in any case; perhaps: it depends on the jitter; dead_letter: the attempts are used up before the endpoint is well',
      ),
    earliest: moment.nullable().describe('the first moment at which it can be delivered; null: it becomes a dead letter'),
    latest: moment.nullable().describe('the last one; with `perhaps`: unless it becomes a dead letter'),
    sentence: z.string(),
  })
  .meta({ id: 'SimulatedOutage' });
export type OutageView = z.infer<typeof outageView>;
export type AttemptTimeView = z.infer<typeof attemptTimeView>;

export function waitsOf(policy: RetryPolicy): number[] {
  return Array.from({ length: attemptsOf(policy) - 1 }, (_, index) => waitAfter(policy, index + 1) ?? 0);
}

type Circumstances = Omit<SimulatedOutage, 'waitsMs'>;

/** What becomes of an event that is accepted while the endpoint is down. */
export function outage(policy: RetryPolicy, circumstances: Circumstances): OutageView {
  const { downForMs, acceptedAfterMs } = circumstances;
  const simulation = simulateRetries({ ...circumstances, waitsMs: waitsOf(policy) });
  const { earliest, latest } = simulation;
  return {
    downForMs,
    acceptedAfterMs,
    outcome: simulation.outcome,
    earliest: earliest && momentOf(earliest.number, earliest.earliestMs),
    latest: latest && momentOf(latest.number, latest.latestMs),
    sentence: sentenceOf(circumstances, simulation),
  };
}

export function attemptTimes(policy: RetryPolicy, timeoutMs: number): AttemptTimeView[] {
  const waitsMs = waitsOf(policy);
  const { attempts } = simulateRetries({ waitsMs, timeoutMs, downForMs: 0, acceptedAfterMs: 0, retryAfterMs: 0 });
  return attempts.map(({ number, earliestMs, latestMs }) => ({
    number,
    waitMs: number === 1 ? null : (waitsMs[number - 2] ?? 0),
    earliestAfterMs: earliestMs,
    latestAfterMs: latestMs,
    between: number === 1 ? 'at once' : `${durationText(earliestMs)} to ${durationText(latestMs)} after the event`,
  }));
}

const momentOf = (attempt: number, afterMs: number) => ({ attempt, afterMs, after: durationText(afterMs) });

function sentenceOf({ downForMs, acceptedAfterMs }: Circumstances, { attempts, outcome, earliest, latest }: Simulation): string {
  const from =
    acceptedAfterMs === 0 ? 'from the moment of the event' : `, and the event comes ${durationText(acceptedAfterMs)} after it went down`;
  const down = `Down for ${durationText(downForMs)}${acceptedAfterMs === 0 ? ` ${from}` : from}:`;
  const all = `all ${attempts.length} attempts fail`;
  if (outcome === 'dead_letter' || !earliest || !latest)
    return `${down} ${all}, and the delivery becomes a dead letter. Replay it, or fetch it as missed.`;
  const between =
    earliest.number === latest.number && earliest.earliestMs === latest.latestMs
      ? `delivered ${durationText(earliest.earliestMs)} after the event, by attempt ${earliest.number}`
      : `delivered between ${durationText(earliest.earliestMs)} and ${durationText(latest.latestMs)} after the event, by attempt ${
          earliest.number === latest.number ? earliest.number : `${earliest.number} or ${latest.number}`
        }`;
  return outcome === 'delivered' ? `${down} ${between}.` : `${down} ${between}, unless ${all}: that depends on the jitter.`;
}

const units: [name: string, ms: number][] = [
  ['d', 86_400_000],
  ['h', 3_600_000],
  ['min', 60_000],
  ['s', 1_000],
];

/** Its two largest units. @example durationText(27_360_000) // '7 h 36 min' */
function durationText(ms: number): string {
  const first = units.findIndex(([, size]) => ms >= size);
  if (first < 0) return ms === 0 ? '0 s' : `${ms} ms`;
  const [name = '', size = 1] = units[first] ?? [];
  const [smaller = '', smallerSize = 0] = units[first + 1] ?? [];
  const rest = smallerSize === 0 ? 0 : Math.round((ms % size) / smallerSize);
  // rounded up to a whole larger unit
  if (smallerSize !== 0 && rest * smallerSize === size) return durationText(Math.floor(ms / size) * size + size);
  return rest === 0 ? `${Math.floor(ms / size)} ${name}` : `${Math.floor(ms / size)} ${name} ${rest} ${smaller}`;
}
