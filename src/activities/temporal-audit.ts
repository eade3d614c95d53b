// Whom the audit log names for an order that came through Temporal: the workflow that was told. Who told it stands in its history, beside the signal.
import { activityInfo } from '@temporalio/activity';
import type { Audit } from '#db/audit/audit';
import type { AuditAction } from '#domain/audit';

/** `again`: the activity ran before, and may have done all of it. What it did is written once. */
export function temporalAudit(action: AuditAction): { audit: Audit; again: boolean } {
  const { workflowExecution, activityId, attempt } = activityInfo();
  const run = `${workflowExecution?.runId}/${activityId}`;
  const actor = { kind: 'temporal', id: workflowExecution?.workflowId ?? null } as const;
  return { audit: { actor, action, address: null, requestId: run, once: run }, again: attempt > 1 };
}
