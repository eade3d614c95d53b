// Builds the API view of a replay job: its row, its workflow in Temporal, and when it will end.
import { replayWorkflowId } from '#contract/workflow-contract';
import { type ReplayRecord, readReplay } from '#db/replays/replays';
import { estimatedMs, type ReplayView } from '#domain/replays/replay';
import { notFound } from '../../http/problem.ts';
import { temporalUrlOf } from '../deliveries/show-delivery.ts';
import type { ApiDeps } from '../deps.ts';

type Links = Pick<ApiDeps, 'temporalUiUrl' | 'temporalNamespace'>;

export function showReplay({ temporalUiUrl, temporalNamespace }: Links, record: ReplayRecord): ReplayView {
  const { status, matched, done, perSecond, rate } = record;
  const workflowId = replayWorkflowId(record.id);
  const endsAt = status === 'running' ? new Date(Date.now() + estimatedMs(matched, done, perSecond, rate)).toISOString() : null;
  return {
    ...record,
    estimatedEndAt: endsAt,
    workflowId,
    temporalUrl: temporalUiUrl && temporalUrlOf(temporalUiUrl, temporalNamespace, workflowId),
  };
}

/** Throws a 404 if there is no such job. */
export async function showReplayOf(deps: Links & Pick<ApiDeps, 'db'>, replayId: string): Promise<ReplayView> {
  const record = await readReplay(deps.db, replayId);
  if (!record) throw notFound('replay');
  return showReplay(deps, record);
}
