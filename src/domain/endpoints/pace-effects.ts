// What a change of how fast and in which order an endpoint is sent to does: rate, retries, timeout, order, batches.
import { attemptsOf, type RetryPolicy, waitAfter } from '../deliveries/retry-schedule.ts';
import { defaultBurst } from '../lanes/token-bucket.ts';
import type { EffectFacts, Tell } from './change-effect.ts';
import { counted, rounded, spoken } from './effect-words.ts';

const heldText = ({ held, heldIsMore }: EffectFacts) =>
  `${heldIsMore ? 'more than ' : ''}${counted(held, 'held delivery', 'held deliveries')}`;

function busy({ busiestMinute }: EffectFacts): string {
  return `In the busiest minute of the last 24 hours it got ${counted(busiestMinute, 'delivery', 'deliveries')}`;
}

const rateLimit: Tell<'rateLimit'> = (after, _, facts) => {
  if (after === null) return 'Requests are not paced any more. What is held is sent as fast as the endpoint accepts it.';
  const { perSecond, burst = defaultBurst(perSecond) } = after;
  const told = `At most ${rounded(perSecond)} requests a second, and ${counted(burst, 'request', 'requests')} at once after an idle time.`;
  const backlog = facts.held === 0 ? '' : ` The ${heldText(facts)} need at least ${spoken((facts.held * 1_000) / perSecond)}.`;
  if (facts.busiestMinute <= perSecond * 60) return told + backlog;
  return { caution: `${told}${backlog} ${busy(facts)}, more than this limit allows: they would have waited.` };
};

const maxInFlight: Tell<'maxInFlight'> = (after) =>
  after === null
    ? "The server's usual limit of requests in flight applies."
    : `At most ${counted(after, 'request is', 'requests are')} in flight at once. Deliveries over that wait in the lane.`;

const timeoutMs: Tell<'timeoutMs'> = (after, _, { p99Ms }) => {
  const told = `A request that takes longer than ${spoken(after ?? 0)} fails, and is retried.`;
  if (p99Ms === null || after === null || p99Ms < after) return told;
  return { caution: `${told} In the last 24 hours 1 % of the requests took ${spoken(p99Ms)} or longer.` };
};

const retry: Tell<'retry'> = (after, before, { defaultRetry }) => {
  const [now, then] = [after ?? defaultRetry, before.retry ?? defaultRetry];
  const told = `A delivery is attempted ${counted(attemptsOf(now), 'time', 'times')} within ${spoken(lengthOf(now))}, then it becomes a dead letter. Deliveries that are retried now go on by these waits.`;
  if (lengthOf(now) >= lengthOf(then)) return told;
  return { caution: `${told} That is shorter than now (${spoken(lengthOf(then))}): an outage in between makes dead letters.` };
};

function lengthOf(policy: RetryPolicy): number {
  let total = 0;
  for (let attempt = 1; attempt < attemptsOf(policy); attempt++) total += waitAfter(policy, attempt) ?? 0;
  return total;
}

const ordering: Tell<'ordering'> = (after, before, facts) => {
  const renumbered = facts.held === 0 ? '' : ` The ${heldText(facts)} get new sequence numbers.`;
  if (after === 'none') return { caution: `Events are sent as soon as possible, in no order and without posthorn-sequence.${renumbered}` };
  const pause = ` Nothing is sent for ${spoken(Math.max(8_000, 3_000 + before.timeoutMs))}, until requests that are in flight have ended.`;
  if (after === 'key')
    return {
      caution: `One request at a time for each orderingKey. A refused delivery holds up those after it with the same key.${pause}${renumbered}`,
    };
  const perMinute = facts.p50Ms === null ? null : Math.floor(60_000 / Math.max(1, facts.p50Ms));
  const slow =
    perMinute !== null && facts.busiestMinute > perMinute
      ? ` ${busy(facts)}; one after the other, at ${spoken(facts.p50Ms ?? 0)} each, ${counted(perMinute, 'is', 'are')} possible.`
      : '';
  return {
    caution: `One request at a time, in the order of acceptance. A refused delivery holds up all after it.${pause}${renumbered}${slow}`,
  };
};

const onDeadLetter: Tell<'onDeadLetter'> = (after, before, _, change) => {
  if ((change.ordering ?? before.ordering) === 'none') return 'It has no effect while `ordering` is `none`.';
  return after === 'block'
    ? { caution: 'The order stops at the next dead letter, until that is replayed, cancelled or skipped.' }
    : 'After a dead letter the order goes on with the next delivery.';
};

const batch: Tell<'batch'> = (after) =>
  after === null
    ? { caution: 'Each event is a request of its own again: its body is the event, not an array.' }
    : {
        caution: `A request has up to ${counted(after.maxEvents, 'event', 'events')}, and its body is an array: the receiver must understand it. The first event waits up to ${spoken(after.maxWaitMs)} for others.`,
      };

const coalesceMs: Tell<'coalesceMs'> = (after) =>
  after === null
    ? 'Every event is sent.'
    : {
        caution: `Of the events with the same coalesceKey within ${spoken(after)} only the latest is sent, and the others are cancelled. Each waits until the window ends.`,
      };

const autoRecover: Tell<'autoRecover'> = (after) =>
  after
    ? 'When it is disabled because it failed for too long, single requests test it, and it is enabled again when one is accepted.'
    : 'When it is disabled because it failed for too long, nothing is sent until somebody resumes it.';

export const paceEffects = {
  rateLimit,
  maxInFlight,
  timeoutMs,
  retry,
  ordering,
  onDeadLetter,
  batch,
  coalesceMs,
  autoRecover,
};
