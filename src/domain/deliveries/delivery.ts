// Delivery: one event for one endpoint. Its statuses, and the commands that each status allows.
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

/** Whether another attempt follows without a command and without a lane. */
export function isUnderWay(status: DeliveryStatus): boolean {
  return status === 'pending' || status === 'retrying';
}

/** A command on a delivery. The delivery's row decides whether it applies. */
export type Command = { kind: 'cancel' } | { kind: 'retry-now' } | { kind: 'replay'; replayId: string } | { kind: 'release' };

/** Reasons why a delivery cannot be sent now: the gate of its endpoint, or its position in an order. */
export const obstacles = {
  paused: 'The endpoint is paused. Resume it first.',
  disabled: 'The endpoint is disabled. Resume it first.',
  unverified: 'The endpoint is not verified. Verify it first.',
  blocked_by_dead_letter: 'A dead letter blocks the endpoint, which keeps deliveries in order. Replay, cancel or skip it first.',
  behind_others: 'The endpoint keeps deliveries in order, and earlier deliveries are still waiting.',
} as const;
export type Obstacle = keyof typeof obstacles;

/**
 * Statuses in which each command applies. In any other status it changes nothing. `db/deliveries/commands.ts` has the
 * same rule in SQL.
 */
export const obeyedIn: Record<Command['kind'], readonly DeliveryStatus[]> = {
  cancel: ['pending', 'retrying', 'held', 'dead_lettered', 'quarantined'],
  'retry-now': ['pending', 'retrying', 'held'],
  replay: ['dead_lettered', 'succeeded'],
  release: ['quarantined'],
};

/** Last message of a delivery that was cancelled because a later event took its place. */
export const coalescedMessage = 'a later event with the same coalesceKey was sent instead';
