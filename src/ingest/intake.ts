// What becomes of one message of a broker: its event is committed, or it is refused with a reason.
import type { Logger } from '#runtime/logger';
import { type PostableEvent, Unreadable } from './event-message.ts';
import { postUntilDecided } from './post-until-decided.ts';
import type { Poster } from './poster.ts';

/** Headers that a dead letter gets, besides its own. */
export type DeadLetterHeaders = Record<string, string>;

export interface IntakeOptions {
  poster: Poster;
  log: Logger;
  /** Resolves when the broker has confirmed the dead letter. */
  deadLetter(headers: DeadLetterHeaders): Promise<void>;
  /** Where the message is, for the log and its dead letter. */
  source: string;
  signal: AbortSignal;
}

/** The key of the events that are taken in one after the other with this one; null: at any time. */
export function orderOf(event: PostableEvent | Unreadable): string | null {
  return event instanceof Unreadable ? null : event.order;
}

/** Resolves to true when the message may be acknowledged, to false when `signal` was aborted first. */
export async function takeIn(event: PostableEvent | Unreadable, options: IntakeOptions): Promise<boolean> {
  const { poster, log, source, signal } = options;
  if (event instanceof Unreadable) {
    await setAside(options, event.message, {});
    return true;
  }
  const decision = await postUntilDecided(poster, event, signal, log);
  if (decision === null) return false;
  if (decision.kind === 'refused') await setAside(options, decision.reason, { 'posthorn-status': String(decision.status) });
  else if (decision.warnings.length > 0) log.warn({ source, warnings: decision.warnings }, 'ingest.warned');
  else log.debug({ source, duplicate: decision.duplicate }, 'ingest.accepted');
  return true;
}

async function setAside({ deadLetter, log, source }: IntakeOptions, reason: string, more: DeadLetterHeaders): Promise<void> {
  log.warn({ source, reason }, 'ingest.refused');
  await deadLetter({ 'posthorn-reason': reason, 'posthorn-source': source, ...more });
}
