// What the lane of an endpoint does now, in a sentence for people, and what to do about it. The API shows it with the lane.
import { type HeldBy, heldBySentence } from './held-by.ts';
import type { LaneCause, LaneView } from './lane-view.ts';

export interface LaneSentence {
  message: string;
  advice: string | null;
}

type Facts = Pick<LaneView, 'state' | 'reasons' | 'waitingFor' | 'held' | 'heldIsMore'>;

/**
 * The cause that would have to go first is named: after the gate is opened, the open circuit is.
 * @example
 * laneSentence({ state: 'none', reasons: [], waitingFor: null, held: 0, heldIsMore: false }).message // 'Deliveries are sent directly.'
 */
export function laneSentence({ state, reasons, waitingFor, held, heldIsMore }: Facts): LaneSentence {
  const gate = reasons.find((reason): reason is 'paused' | 'unverified' | 'disabled' => reason in gates);
  if (gate) return { message: gates[gate], advice: heldBySentence[gate].advice };
  if (waitingFor) return waits[waitingFor];
  if (reasons.includes('retry_after')) return waits.retry_after;
  if (reasons.length === 0 && held === 0) return { message: 'Deliveries are sent directly.', advice: null };
  if (held > 0 && state !== 'idle') {
    const number = `${heldIsMore ? 'More than ' : ''}${held.toLocaleString('en')}`;
    const [waiting, verb] = held === 1 && !heldIsMore ? ['delivery', 'is'] : ['deliveries', 'are'];
    return { message: `${number} held ${waiting} ${verb} being sent, ${ofCause(reasons)}.`, advice: null };
  }
  return { message: `Deliveries pass through the lane, ${ofCause(reasons)}. ${held === 0 ? 'None waits now.' : ''}`.trim(), advice: null };
}

const gates: Record<'paused' | 'unverified' | 'disabled', string> = {
  paused: 'The endpoint is paused. Deliveries are held until it is resumed.',
  unverified: 'The endpoint is not verified. Deliveries are held until it agrees to receive them.',
  disabled: 'The endpoint is disabled, because it failed for too long or answered 410. Deliveries are held until it is resumed.',
};

const causes: Partial<Record<LaneCause, string>> = {
  rate_limit: 'paced by the rate limit',
  ordering: 'one after the other in their order',
  batch: 'in batches',
  coalesce: 'the latest of each coalesce key',
  cap: 'as fast as the limit of requests in flight allows',
  failing: 'carefully, because the endpoint failed',
  backlog: 'oldest first',
};

function ofCause(reasons: readonly LaneCause[]): string {
  const said = reasons.map((reason) => causes[reason]).filter((text) => text !== undefined);
  return said.length === 0 ? 'oldest first' : said.join(', ');
}

const held = (cause: HeldBy): LaneSentence => ({
  message: `${heldBySentence[cause].message}.`,
  advice: heldBySentence[cause].advice,
});

const waits: Record<NonNullable<LaneView['waitingFor']>, LaneSentence> = {
  paused: { message: gates.paused, advice: heldBySentence.paused.advice },
  unverified: { message: gates.unverified, advice: heldBySentence.unverified.advice },
  disabled: { message: gates.disabled, advice: heldBySentence.disabled.advice },
  circuit_open: {
    message: 'The circuit is open: the endpoint keeps failing, so one request at a time tests it. Three accepted ones close the circuit.',
    advice: heldBySentence.circuit_open.advice,
  },
  retry_after: held('retry_after'),
  head_in_backoff: {
    message: 'The first delivery of the order was refused and waits for its next attempt; those after it wait for it.',
    advice: 'Repair the receiver, or retry the first delivery now.',
  },
  blocked_by_dead_letter: held('blocked_by_dead_letter'),
  ordering_cutover: {
    message: 'The order of the endpoint was changed a moment ago. Requests that are in flight end first.',
    advice: null,
  },
  nothing_due: { message: 'No delivery is due now.', advice: null },
  rate: { message: 'The rate limit of the endpoint or its tenant is used up for the moment.', advice: null },
  batch_filling: { message: 'The next batch is being filled.', advice: null },
};
