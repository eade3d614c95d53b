// A delivery with its addresses in Temporal.
import type { DeliveryRecord } from '../db/delivery-lists.ts';
import type { DeliveryView } from '../domain/delivery-view.ts';
import { deliveryWorkflowId, dispatchWorkflowId } from '../workflows/contract.ts';
import type { ApiDeps } from './deps.ts';

type Links = Pick<ApiDeps, 'temporalUiUrl' | 'temporalNamespace'>;

export function showDelivery({ temporalUiUrl, temporalNamespace }: Links, record: DeliveryRecord): DeliveryView {
  const { ownWorkflow, dispatchId, ...delivery } = record;
  const workflowId = ownWorkflow ? deliveryWorkflowId(record.id) : dispatchId && dispatchWorkflowId(dispatchId);
  const temporalUrl = temporalUiUrl && workflowId && urlOf(temporalUiUrl, temporalNamespace, workflowId);
  return { ...delivery, workflowId, temporalUrl };
}

function urlOf(ui: string, namespace: string, workflowId: string): string {
  return `${ui.replace(/\/$/, '')}/namespaces/${encodeURIComponent(namespace)}/workflows/${encodeURIComponent(workflowId)}`;
}
