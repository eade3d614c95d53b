// Posts one event again and again until the API accepts or refuses it.
import type { Logger } from '#runtime/logger';
import { pause } from '#runtime/pause';
import { backoffMs } from './backoff.ts';
import type { PostableEvent } from './event-message.ts';
import type { Answer, Poster } from './poster.ts';

export type Decision = Exclude<Answer, { kind: 'wait' }>;

/** Null: `signal` was aborted before the API decided. The event may be committed all the same. */
export async function postUntilDecided(poster: Poster, event: PostableEvent, signal: AbortSignal, log: Logger): Promise<Decision | null> {
  for (let tries = 1; !signal.aborted; tries++) {
    const answer = await poster.post(event);
    if (answer.kind !== 'wait') return answer;
    const waitMs = backoffMs(tries, answer.afterMs);
    log.warn({ tenant: event.tenant, reason: answer.reason, tries, waitMs }, 'ingest.waiting');
    await pause(waitMs, signal);
  }
  return null;
}
