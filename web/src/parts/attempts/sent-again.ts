// Whether a delivery shows that it was sent again, as somebody ordered.
import type { Delivery } from '@posthorn/client';

const underWay: readonly string[] = ['pending', 'retrying', 'held'];

/** `before`: the delivery when it was ordered. The answer to the order may show already what came of it. */
export function isSentAgain(before: Delivery, now: Delivery): boolean {
  const isNewRound = now.round > before.round;
  const wasAttempted = isNewRound ? now.attempts > 0 : now.attempts > before.attempts;
  const hasEnded = !underWay.includes(now.status) && (isNewRound || now.status !== before.status);
  return wasAttempted || hasEnded;
}
