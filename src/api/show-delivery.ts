// A delivery with its addresses in Temporal.
import type { DeliveryRecord } from '../db/delivery-lists.ts';
import type { DeliveryView } from '../domain/delivery-view.ts';
import { deliveryWorkflowId } from '../workflows/contract.ts';
import type { ApiDeps } from './deps.ts';

type Links = Pick<ApiDeps, 'temporalUiUrl' | 'temporalNamespace'>;

export function showDelivery({ temporalUiUrl, temporalNamespace }: Links, record: DeliveryRecord): DeliveryView {
  const workflowId = deliveryWorkflowId(record.id);
  const path = `/namespaces/${encodeURIComponent(temporalNamespace)}/workflows/${encodeURIComponent(workflowId)}`;
  return { ...record, workflowId, temporalUrl: temporalUiUrl && temporalUiUrl.replace(/\/$/, '') + path };
}
