// Audit actor of a command that came through Temporal: the workflow that received the signal.
// The sender of the signal is in the workflow's history.
import { activityInfo } from '@temporalio/activity';
import type { Audit } from '#db/audit/audit';
import type { AuditAction } from '#domain/access/audit';

/** The `once` key keeps the entry single when the activity is retried after it has done its work. */
export function temporalAudit(action: AuditAction): Audit {
  const { workflowExecution, activityId } = activityInfo();
  const run = `${workflowExecution?.runId}/${activityId}`;
  const actor = { kind: 'temporal', id: workflowExecution?.workflowId ?? null } as const;
  return { actor, action, address: null, requestId: run, once: run };
}
