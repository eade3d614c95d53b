// What a lane does now, in a sentence.
import { expect, it } from 'vitest';
import { laneWaits } from '#domain/lanes/lane';
import { laneSentence } from '#domain/views/lane-sentence';
import type { LaneFacts } from '#domain/views/lane-view';

type Facts = Parameters<typeof laneSentence>[0];
const none: Facts = { state: 'none', reasons: [], waitingFor: null, held: 0, heldIsMore: false };
const says = (facts: Partial<LaneFacts>) => laneSentence({ ...none, ...facts }).message;

it.each<[Partial<LaneFacts>, string]>([
  [{}, 'Deliveries are sent directly.'],
  [
    { state: 'blocked', reasons: ['paused', 'failing'], waitingFor: 'circuit_open' },
    'The endpoint is paused. Deliveries are held until it is resumed.',
  ],
  [{ reasons: ['retry_after'] }, 'The endpoint asked for a wait with Retry-After.'],
  [{ state: 'awake', reasons: ['rate_limit'], held: 1 }, '1 held delivery is being sent, paced by the rate limit.'],
  [
    { state: 'awake', reasons: ['ordering', 'batch'], held: 1_000, heldIsMore: true },
    'More than 1,000 held deliveries are being sent, one after the other in their order, in batches.',
  ],
  [{ state: 'none', reasons: ['rate_limit'] }, 'Deliveries pass through the lane, paced by the rate limit. None waits now.'],
  [{ state: 'awake', reasons: [], held: 2 }, '2 held deliveries are being sent, oldest first.'],
])('%j', (facts, sentence) => {
  expect(says(facts)).toBe(sentence);
});

it.each(laneWaits)('has a sentence for a lane that waits for %s', (waitingFor) => {
  expect(laneSentence({ ...none, state: 'blocked', reasons: ['failing'], held: 3, waitingFor }).message).toMatch(/^[A-Z].*\.$/);
});

it('advises what to do', () => {
  expect(laneSentence({ ...none, reasons: ['disabled'] }).advice).toBe('Repair the receiver, then resume the endpoint.');
  expect(laneSentence({ ...none, state: 'blocked', reasons: ['ordering'], waitingFor: 'blocked_by_dead_letter' }).advice).toContain('skip');
});
