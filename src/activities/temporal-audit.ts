// Audit actor of a command that came through Temporal: the workflow that received the signal.
// The sender of the signal is in the workflow's history.
import { activityInfo } from '@temporalio/activity';
import type { Audit } from '#db/audit/audit';
import type { AuditAction } from '#domain/audit';

/** `again`: a retry of the activity, which may have done its work before. The `once` key keeps the entry single. */
export function temporalAudit(action: AuditAction): { audit: Audit; again: boolean } {
  const { workflowExecution, activityId, attempt } = activityInfo();
  const run = `${workflowExecution?.runId}/${activityId}`;
  const actor = { kind: 'temporal', id: workflowExecution?.workflowId ?? null } as const;
  return { audit: { actor, action, address: null, requestId: run, once: run }, again: attempt > 1 };
}
