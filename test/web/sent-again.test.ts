// Which deliveries show that an order to send them again was obeyed.
import type { Delivery } from '@posthorn/client';
import { expect, it } from 'vitest';
import { isSentAgain } from '../../web/src/parts/attempts/sent-again.ts';

const delivery = (status: Delivery['status'], round: number, attempts: number) => ({ status, round, attempts }) as Delivery;

it.each<[string, Delivery, Delivery, boolean]>([
  ['a replay that has begun', delivery('succeeded', 1, 2), delivery('pending', 2, 0), false],
  ['a replay that was attempted', delivery('succeeded', 1, 2), delivery('succeeded', 2, 1), true],
  ['a replay that was refused', delivery('dead_lettered', 1, 2), delivery('retrying', 2, 1), true],
  ['a replay that expired before it was attempted', delivery('dead_lettered', 1, 2), delivery('expired', 2, 0), true],
  ['a retry that is under way', delivery('retrying', 1, 1), delivery('retrying', 1, 1), false],
  ['a retry that was attempted', delivery('retrying', 1, 1), delivery('succeeded', 1, 2), true],
  ['a retry that expired', delivery('retrying', 1, 1), delivery('expired', 1, 1), true],
  ['a release whose attempts go on', delivery('quarantined', 1, 3), delivery('retrying', 1, 3), false],
  ['a release that was attempted', delivery('quarantined', 1, 3), delivery('succeeded', 1, 4), true],
  ['nothing', delivery('dead_lettered', 2, 3), delivery('dead_lettered', 2, 3), false],
])('%s', (_, before, now, isObeyed) => {
  expect(isSentAgain(before, now)).toBe(isObeyed);
});
