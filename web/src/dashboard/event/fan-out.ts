// What became of an event at each endpoint of its tenant, in few words.
import type { Delivery, Explanation } from '@posthorn/client';
import type { Tone } from '../../parts/Status.tsx';

export interface Way extends Explanation {
  /** What the endpoint is called: its URL where that may be read, else its host. */
  name: string;
  /** Attempts in its round; null: there is no delivery. */
  attempts: number | null;
  /** The endpoint was to get the event. */
  isSent: boolean;
}

type Code = Explanation['code'];

const words: Record<Code, [words: string, tone: Tone]> = {
  delivered: ['delivered', 'good'],
  taken: ['taken by its consumer', 'good'],
  in_progress: ['in progress', 'neutral'],
  retrying: ['retrying', 'warning'],
  held: ['held', 'neutral'],
  dead_lettered: ['dead letter', 'bad'],
  quarantined: ['in quarantine', 'bad'],
  cancelled: ['cancelled', 'muted'],
  expired: ['expired', 'muted'],
  type_not_subscribed: ['wants other event types', 'muted'],
  channel_not_subscribed: ['wants other channels', 'muted'],
  filter_not_matched: ['filter did not match', 'muted'],
  created_later: ['created later', 'muted'],
  endpoint_deleted: ['endpoint deleted', 'muted'],
  meant_for_another: ['a test for another endpoint', 'muted'],
};

export const shortOf = (code: Code): string => words[code][0];
export const toneOf = (code: Code): Tone => words[code][1];

/** Those that were to get the event come first. */
export function waysOf(explanations: readonly Explanation[], deliveries: readonly Delivery[], names: ReadonlyMap<string, string>): Way[] {
  const attempts = new Map(deliveries.map((one) => [one.id, one.attempts]));
  const ways = explanations.map((one) => ({
    ...one,
    name: names.get(one.endpoint) ?? one.host,
    attempts: attempts.get(one.delivery ?? '') ?? null,
    isSent: one.delivery !== null || one.code === 'in_progress',
  }));
  return ways.toSorted((a, b) => Number(b.isSent) - Number(a.isSent));
}

export interface Group {
  code: Code;
  count: number;
  isSent: boolean;
}

const order = Object.keys(words);

/** How many went which way, the most frequent first, those without a delivery last; as many: in the order of the words. */
export function groupsOf(ways: readonly Way[]): Group[] {
  const groups = [...Map.groupBy(ways, ({ code, isSent }) => `${code} ${isSent}`).values()].flatMap(([first, ...others]) =>
    first ? [{ code: first.code, isSent: first.isSent, count: others.length + 1 }] : [],
  );
  return groups.toSorted(
    (a, b) => Number(b.isSent) - Number(a.isSent) || b.count - a.count || order.indexOf(a.code) - order.indexOf(b.code),
  );
}

/** @example "Goes to 2 of 3 endpoints: delivered (1), retrying (1). The others: wants other event types (1)." */
export function sentenceOf(ways: readonly Way[]): string {
  if (ways.length === 0) return 'The tenant had no endpoint.';
  const [sent, not] = [ways.filter(({ isSent }) => isSent), ways.filter(({ isSent }) => !isSent)];
  const list = (some: readonly Way[]) =>
    groupsOf(some)
      .map(({ code, count }) => `${shortOf(code)} (${count.toLocaleString('en')})`)
      .join(', ');
  const of = `${sent.length.toLocaleString('en')} of ${ways.length.toLocaleString('en')} ${ways.length === 1 ? 'endpoint' : 'endpoints'}`;
  const others = not.length === 0 ? '' : ` The others: ${list(not)}.`;
  return sent.length === 0 ? `Goes to none of the endpoints: ${list(not)}.` : `Goes to ${of}: ${list(sent)}.${others}`;
}
