// skipHead: skips the dead letter that blocks an ordered endpoint, or one of its ordering keys,
// like the API. Not idempotent: a second call would skip the next dead letter. So it is never
// retried; on failure, signal again.
import { isId } from '#domain/ids';
import type { SkipHead } from '#lanes/skip-head';
import { temporalAudit } from './temporal-audit.ts';

export function createSkipHeadActivity(skip: SkipHead) {
  return async function skipHead({ endpointId, orderingKey }: { endpointId: string; orderingKey: string | null }): Promise<string> {
    if (!isId('ep', endpointId)) return 'no such endpoint';
    return (await skip(endpointId, orderingKey, temporalAudit('endpoint.skip_head'))) !== null ? 'skipped' : 'no dead letter blocks it';
  };
}
