// Cancels the unfinished deliveries of a deleted endpoint. Called when an endpoint or its tenant is
// deleted.
import { cancelUnfinished } from '#db/endpoints/pause-resume';
import type { ApiDeps } from '../deps.ts';

const signalForMs = 60_000;

/**
 * Resolves when the rows are cancelled: the rows decide. The workflows are signalled afterwards, for up to 60 s and
 * without a guarantee: a workflow without a signal reads its row at its next wake-up, and ends. What if this stops
 * halfway? Deleting the endpoint again cancels the rest.
 */
export async function cancelFor({ db, giveCommand, lanes, log }: ApiDeps, endpointId: string): Promise<void> {
  const deadline = performance.now() + signalForMs;
  let signals = Promise.resolve();
  for await (const deliveryIds of cancelUnfinished(db, endpointId)) signals = signals.then(() => signal(deliveryIds));
  // nothing is held any more, so the lane ends
  await lanes.changed(endpointId);

  async function signal(deliveryIds: string[]): Promise<void> {
    try {
      for (const deliveryId of deliveryIds) {
        if (performance.now() < deadline) await giveCommand(deliveryId, { kind: 'cancel' });
      }
    } catch (error) {
      log.warn({ err: error, endpoint: endpointId }, 'endpoint.workflows_not_told');
    }
  }
}
