// Cancels what is unfinished for an endpoint that was deleted.
import { cancelUnfinished } from '#db/endpoints/pause-resume';
import type { ApiDeps } from './deps.ts';

const tellForMs = 60_000;

/**
 * Resolves when the rows are cancelled, which is what counts. Their workflows are told afterwards, as far as that works: one that is not told
 * reads its row when it wakes and ends. What if this stops halfway? Deleting the endpoint again does the rest.
 */
export async function cancelFor({ db, giveOrder, lanes, log }: ApiDeps, endpointId: string): Promise<void> {
  const deadline = performance.now() + tellForMs;
  let telling = Promise.resolve();
  for await (const deliveryIds of cancelUnfinished(db, endpointId)) telling = telling.then(() => tell(deliveryIds));
  // nothing is held any more: its lane ends
  await lanes.changed(endpointId);

  async function tell(deliveryIds: string[]): Promise<void> {
    try {
      for (const deliveryId of deliveryIds) {
        if (performance.now() < deadline) await giveOrder(deliveryId, { kind: 'cancel' });
      }
    } catch (error) {
      log.warn({ err: error, endpoint: endpointId }, 'endpoint.workflows_not_told');
    }
  }
}
