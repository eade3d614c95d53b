// What becomes of one message of a broker: its event is committed, or it is refused with a reason.
import type { Logger } from '#runtime/logger';
import { type Mapping, type Message, readMessage, Unreadable } from './event-message.ts';
import { postUntilDecided } from './post-until-decided.ts';
import type { Poster } from './poster.ts';

/** Headers that a dead letter gets, besides its own. */
export type DeadLetterHeaders = Record<string, string>;

export interface IntakeOptions {
  poster: Poster;
  mapping: Mapping;
  log: Logger;
  /** Resolves when the broker has confirmed the dead letter. */
  deadLetter(headers: DeadLetterHeaders): Promise<void>;
  /** Where the message is, for the log and its dead letter. */
  source: string;
  signal: AbortSignal;
}

/** The key of the messages that must be taken one after the other with this one; null: it can be taken at any time. */
export function orderOfMessage(message: Message | Unreadable, mapping: Mapping): string | null {
  try {
    return message instanceof Unreadable ? null : readMessage(message, mapping).order;
  } catch {
    return null;
  }
}

/** Resolves to true when the message may be acknowledged, to false when `signal` was aborted first. */
export async function takeIn(message: Message | Unreadable, options: IntakeOptions): Promise<boolean> {
  const { poster, mapping, log, source, signal } = options;
  try {
    if (message instanceof Unreadable) throw message;
    const decision = await postUntilDecided(poster, readMessage(message, mapping), signal, log);
    if (decision === null) return false;
    if (decision.kind === 'refused') await setAside(options, decision.reason, { 'posthorn-status': String(decision.status) });
    else log.debug({ source, duplicate: decision.duplicate }, 'ingest.accepted');
  } catch (error) {
    if (!(error instanceof Unreadable)) throw error;
    await setAside(options, error.message, {});
  }
  return true;
}

async function setAside({ deadLetter, log, source }: IntakeOptions, reason: string, more: DeadLetterHeaders): Promise<void> {
  log.warn({ source, reason }, 'ingest.refused');
  await deadLetter({ 'posthorn-reason': reason, 'posthorn-source': source, ...more });
}
