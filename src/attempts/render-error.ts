// RenderError: a request that cannot be built now or later. It counts towards quarantine.
// Errors that may pass (a master key not loaded yet) are thrown unchanged and tried again.
import { isLasting } from '#sealing/vault';

/**
 * The request cannot be built, and the next try would fail too. A failure inside Posthorn that counts towards
 * quarantine.
 */
export class RenderError extends Error {
  override name = 'RenderError';
  /** The events of a batch that cause the error. Empty: the error is not caused by single events. */
  readonly eventIds: string[];

  constructor(error: unknown, eventIds: string[] = []) {
    super(error instanceof Error ? error.message : String(error), { cause: error });
    this.eventIds = eventIds;
  }
}

export function asFault(error: unknown): never {
  throw isLasting(error) ? new RenderError(error) : error;
}
