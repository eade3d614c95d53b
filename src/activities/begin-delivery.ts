// beginDelivery: the first attempt of a delivery, as a local activity, which costs a third of a normal one. It keeps a
// workflow task waiting, so after a short time it hands over to `attemptDelivery`, which joins the attempt in flight.
import { setTimeout as delay } from 'node:timers/promises';
import { stateWithRelays } from '#attempts/attempt-report';
import type { Engine } from '#attempts/engine';
import type { DeliverState, PlanInput } from '#contract/workflow-contract';
import { endFirstAttemptLease, leaseFirstAttempt } from '#db/deliveries/first-attempt-lease';
import type { Db } from '#db/store/pool';
import { usualTimings } from '#domain/timings';
import type { PlanDelivery } from './plan-delivery.ts';

export interface BeginDeliveryDeps {
  db: Db;
  engine: Pick<Engine, 'attempt'>;
  planDelivery: PlanDelivery;
  timings?: { firstAttempt: { handOverAfterMs: number; leaseMarginMs: number } } | undefined;
}

/**
 * Returns the state after the attempt. in_flight: `attemptDelivery` must join it. Null: nothing was sent, and
 * `attemptDelivery` decides what to do.
 *
 * Before an attempt in flight is handed over, its row is leased: another process, which may get `attemptDelivery`, waits
 * until the lease ends. Without an answer of PostgreSQL nothing is handed over.
 */
export function createBeginDelivery({ db, engine, planDelivery, timings = usualTimings }: BeginDeliveryDeps) {
  const { handOverAfterMs, leaseMarginMs } = timings.firstAttempt;
  return async function beginDelivery({
    deliveryId,
    plan,
  }: {
    deliveryId: string;
    plan: PlanInput;
  }): Promise<DeliverState | 'in_flight' | null> {
    const planFirst = () => planDelivery(plan).then(() => undefined);
    const made = engine.attempt(deliveryId, planFirst);
    const attempt = made.then(
      (report) => (report.kind === 'ended' || report.kind === 'refused' ? report.state : stateWithRelays(report)),
      () => null,
    );
    const early = await Promise.race([attempt, delay(handOverAfterMs, 'slow' as const, { ref: false })]);
    if (early !== 'slow') return early;
    const handOver = async () => {
      const lease = await leaseFirstAttempt(db, deliveryId, leaseMarginMs).catch(() => null);
      if (!lease) return attempt;
      // without a record, as when this process stops
      made.catch(() => endFirstAttemptLease(db, lease));
      return 'in_flight' as const;
    };
    return Promise.race([attempt, handOver()]);
  };
}
