// Heartbeats of an activity that waits for something else, such as a request.
import type { Context } from '@temporalio/activity';

/**
 * Returns the timer; clear it when the activity ends. `everyMs`: what suits the timeout that this version sets. A workflow
 * that another version began may have set a shorter one, after which Temporal would start the activity a second time.
 */
export function startHeartbeats(context: Context, everyMs: number): NodeJS.Timeout {
  const { heartbeatTimeoutMs = Number.POSITIVE_INFINITY } = context.info;
  return setInterval(() => context.heartbeat(), Math.min(everyMs, heartbeatTimeoutMs / 3));
}
