// What the Web UI shows of a `deliver` workflow: descriptions of its commands, and its current
// details. Unlike summary and details, current details are set again after continue-as-new.
import { setCurrentDetails, workflowInfo } from '@temporalio/workflow';
import { type DeliverState, endpointAttribute, eventTypeAttribute, tenantAttribute } from '#contract/workflow-contract';
import type { DeliveryStatus } from '#domain/deliveries/delivery';

export const deliveryHandlers = {
  status: 'Status, round, attempts, next attempt and last outcome, as of the last result of an activity.',
  cancel: 'Cancels the delivery. No input. A request in flight is not interrupted; if it is accepted, the delivery has succeeded.',
  retryNow: 'Makes the next attempt now. No input. Changes nothing unless the delivery is retrying.',
  replay: 'Delivers again in a new round, for example a dead letter. No input needed.',
  look: 'Sent by Posthorn: reads the row in PostgreSQL again. Harmless, and no operator needs it.',
};

const whatHappens: Record<DeliveryStatus, string> = {
  pending: 'Waits for the first attempt of this round. Pending Activities shows a request in flight.',
  retrying: 'Waits for its next attempt: Pending Activities shows which one, when, and the last error.',
  held: 'Waits in the lane of its endpoint, which sends it.',
  succeeded: 'The endpoint has accepted it.',
  dead_lettered: 'Its retry schedule is used up. Send `replay` to deliver it again, or `cancel`.',
  quarantined: 'It failed repeatedly inside Posthorn. An operator releases it through the API.',
  cancelled: 'It was cancelled, and stays so.',
  expired: 'Its event expired before it was delivered.',
};

const withRelays = 'Relays make its next attempts, without a workflow. Its state is in the API; the operator takes commands.';

/** Relays make the next attempt, and the workflow closes. A dead letter stays open. */
export function isWithRelays({ status, pumped = false }: DeliverState): boolean {
  return pumped && (status === 'pending' || status === 'retrying');
}

/** The first line is the status and what can be done. `openUntil`: when the workflow of a dead letter closes. */
export function showDetails(known: DeliverState, openUntil: Date | null): void {
  const { status, round } = known;
  const name = status === 'dead_lettered' ? 'Dead letter' : status;
  const until = openUntil ? ` Open until ${openUntil.toISOString().slice(0, 'yyyy-mm-ddThh:mm'.length)}Z.` : '';
  show(known, `**${name}**${round > 1 ? ` in round ${round}` : ''}. ${isWithRelays(known) ? withRelays : whatHappens[status]}${until}`);
}

/** For a dead letter whose window has ended. */
export function showWindowOver(known: DeliverState): void {
  show(known, '**Dead letter**, closed because nobody replayed it in time. The API and the operator can still replay it.');
}

function show({ attempts, lastOutcome }: DeliverState, line: string): void {
  const { memo, typedSearchAttributes: attributes } = workflowInfo();
  const place = `Tenant ${attributes.get(tenantAttribute)}, endpoint ${attributes.get(endpointAttribute)} at ${memo?.host}`;
  const last = lastOutcome === null ? '' : ` After ${attempts} ${attempts === 1 ? 'attempt' : 'attempts'}: ${lastOutcome}.`;
  setCurrentDetails(`${line}\n\n${place}, event type ${attributes.get(eventTypeAttribute)}.${last}`);
}
