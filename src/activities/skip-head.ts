// skipHead: the dead letter that blocks an ordered endpoint, or one of its keys, blocks it no longer, as the API does it.
// No idempotency key: the second time it skips the next one. So it is never tried twice; whoever asked sees that it failed, and asks again.
import { isId } from '#domain/ids';
import type { SkipHead } from '#lanes/skip-head';
import { temporalAudit } from './temporal-audit.ts';

export function createSkipHeadActivity(skip: SkipHead) {
  return async function skipHead({ endpointId, orderingKey }: { endpointId: string; orderingKey: string | null }): Promise<string> {
    if (!isId('ep', endpointId)) return 'no such endpoint';
    return (await skip(endpointId, orderingKey, temporalAudit('endpoint.skip_head').audit)) !== null ? 'skipped' : 'nothing blocks';
  };
}
