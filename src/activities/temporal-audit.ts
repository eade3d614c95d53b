// Audit actor of a command that came through Temporal: the workflow that received the signal or
// Update. Its sender is in the workflow's history.
import { activityInfo } from '@temporalio/activity';
import type { Audit } from '#db/audit/audit';
import type { AuditAction } from '#domain/access/audit';

/**
 * The `once` key makes the change once when the activity runs again. `index`: which of the commands of the activity it
 * is.
 */
export function temporalAudit(action: AuditAction, index?: number): Audit {
  const { workflowExecution, activityId } = activityInfo();
  const run = `${workflowExecution?.runId}/${activityId}`;
  const actor = { kind: 'temporal', id: workflowExecution?.workflowId ?? null } as const;
  return { actor, action, address: null, requestId: run, once: index === undefined ? run : `${run}/${index}`, changesOnce: true };
}
