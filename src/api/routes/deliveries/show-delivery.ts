// Builds the API view of a delivery: its row plus the id and URL of its workflow in Temporal.

import { deliveryWorkflowId, dispatchWorkflowId, laneWorkflowId } from '#contract/workflow-contract';
import type { DeliveryRecord } from '#db/deliveries/delivery-lists';
import type { Caller } from '#domain/access/access';
import type { DeliveryView } from '#domain/views/delivery-view';
import type { ApiDeps } from '../deps.ts';

export type Links = Pick<ApiDeps, 'temporalUiUrl' | 'temporalNamespace'>;

/** A consumer gets no links to the Temporal Web UI: it is the operator's, and its address may be internal. */
export function linksFor<T extends Links>(deps: T, { kind }: Pick<Caller, 'kind'>): T {
  return kind === 'portal_link' ? { ...deps, temporalUiUrl: null } : deps;
}

export function showDelivery({ temporalUiUrl, temporalNamespace }: Links, record: DeliveryRecord): DeliveryView {
  const { ownWorkflow, dispatchId, parked, ...delivery } = record;
  const workflowId =
    delivery.status === 'held' || parked
      ? laneWorkflowId(delivery.endpoint)
      : ownWorkflow
        ? deliveryWorkflowId(record.id)
        : dispatchId && dispatchWorkflowId(dispatchId);
  const temporalUrl = temporalUiUrl && workflowId && temporalUrlOf(temporalUiUrl, temporalNamespace, workflowId);
  return { ...delivery, workflowId, temporalUrl };
}

export function temporalUrlOf(ui: string, namespace: string, workflowId: string): string {
  return `${ui.replace(/\/$/, '')}/namespaces/${encodeURIComponent(namespace)}/workflows/${encodeURIComponent(workflowId)}`;
}
