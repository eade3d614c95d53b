// skipHead: skips the dead letter that blocks an ordered endpoint, or one of its ordering keys,
// like the API. Idempotency key: the activity, which is the `once` of its audit entry.
import type { CommandAnswer } from '#contract/workflow-contract';
import { isId } from '#domain/ids';
import type { SkipHead } from '#lanes/skip-head';
import { answerOfSkip, noSuchEndpoint } from './command-answers.ts';
import { temporalAudit } from './temporal-audit.ts';

export function createSkipHeadActivity(skip: SkipHead) {
  return async function skipHead({ endpointId, orderingKey }: { endpointId: string; orderingKey: string | null }): Promise<CommandAnswer> {
    if (!isId('ep', endpointId)) return noSuchEndpoint;
    return answerOfSkip(await skip(endpointId, orderingKey, temporalAudit('endpoint.skip_head')));
  };
}
