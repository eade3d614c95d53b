// A delivery: one event for one endpoint, and the states its row goes through.
import { z } from 'zod';

export const deliveryStatuses = [
  'pending',
  'retrying',
  'held',
  'succeeded',
  'dead_lettered',
  'quarantined',
  'cancelled',
  'expired',
] as const;
export const deliveryStatus = z.enum(deliveryStatuses);
export type DeliveryStatus = z.infer<typeof deliveryStatus>;

/** Has an attempt ahead of it that nobody has to ask for. */
export function isUnderWay(status: DeliveryStatus): boolean {
  return status === 'pending' || status === 'retrying';
}

/**
 * What an operator may want of a delivery. The row decides whether it can be had. `echoOf`: the workflow's part of an order given outside, by that order's
 * number.
 */
export type Order =
  | { kind: 'cancel' }
  | { kind: 'retry-now'; echoOf?: number | undefined }
  | { kind: 'replay'; replayId: string }
  | { kind: 'release' };

/** What stands in the way of a delivery that is to be sent now: the gate of its endpoint, or its place in an order. */
export const obstacles = {
  paused: 'The endpoint is paused: resume it first.',
  disabled: 'The endpoint is disabled: resume it first.',
  unverified: 'The endpoint has not agreed yet to be sent to: verify it first.',
  blocked_by_dead_letter: 'A dead letter blocks the order of the endpoint: replay, cancel or skip it first.',
  behind_others: 'The delivery waits behind others in the order of its endpoint.',
} as const;
export type Obstacle = keyof typeof obstacles;

/** The states in which each order is obeyed; in any other it changes nothing. `db/orders.ts` says the same in SQL. */
export const obeyedIn: Record<Order['kind'], readonly DeliveryStatus[]> = {
  cancel: ['pending', 'retrying', 'held', 'dead_lettered', 'quarantined'],
  'retry-now': ['pending', 'retrying', 'held'],
  replay: ['dead_lettered', 'succeeded'],
  release: ['quarantined'],
};
