// Builds the API view of a replay job: its row, its workflow in Temporal, and when it will end.
import { replayWorkflowId } from '#contract/workflow-contract';
import { countDeadAgain } from '#db/replays/dead-again';
import { type ReplayRecord, readReplay } from '#db/replays/replays';
import { estimatedMs, type ReplayView } from '#domain/replays/replay';
import { type SettingsTags, settingsTags } from '#sealing/settings-tags';
import { notFound } from '../../http/problem.ts';
import { temporalUrlOf } from '../deliveries/show-delivery.ts';
import type { ApiDeps } from '../deps.ts';

type Links = Pick<ApiDeps, 'vault' | 'temporalUiUrl' | 'temporalNamespace'>;

export function showReplay(
  { vault, temporalUiUrl, temporalNamespace }: Links,
  { tenantId: _, ...record }: ReplayRecord,
  deadLettered: number | null,
): ReplayView {
  const { status, matched, done, perSecond, rate } = record;
  const workflowId = replayWorkflowId(record.id);
  const endsAt = status === 'running' ? new Date(Date.now() + estimatedMs(matched, done, perSecond, rate)).toISOString() : null;
  return {
    ...record,
    deadLettered,
    etag: tagsOfReplay(vault, record)[0],
    estimatedEndAt: endsAt,
    workflowId,
    temporalUrl: temporalUiUrl && temporalUrlOf(temporalUiUrl, temporalNamespace, workflowId),
  };
}

/** Of what can be changed: the pace. */
export function tagsOfReplay(vault: ApiDeps['vault'], { id, perSecond }: Pick<ReplayRecord, 'id' | 'perSecond'>): SettingsTags {
  return settingsTags(vault, id, { perSecond });
}

/** Throws a 404 if there is no such job. */
export async function showReplayOf(deps: Links & Pick<ApiDeps, 'db'>, replayId: string): Promise<ReplayView> {
  const record = await readReplay(deps.db, replayId);
  if (!record) throw notFound('replay');
  return showReplay(deps, record, record.failed + record.waiting === 0 ? 0 : await countDeadAgain(deps.db, record));
}
