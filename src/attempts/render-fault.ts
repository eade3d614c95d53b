// Whose fault it is that a request cannot be made: of what will be there the next time too, which counts, or of what passes.
import { UnknownMasterKey, VaultError } from '#sealing/vault';

/** The request cannot be made, and could not be made the next time: a fault of ours that counts towards quarantine. */
export class RenderError extends Error {
  override name = 'RenderFault';
  /** Of a batch: the events that are at fault; none: no event of it alone is. */
  readonly eventIds: string[];

  constructor(error: unknown, eventIds: string[] = []) {
    super(error instanceof Error ? error.message : String(error), { cause: error });
    this.eventIds = eventIds;
  }
}

/** What was sealed with a key that this process was not given, while the keys are being changed, is tried again: another has the key, or this one will. */
export function isLasting(error: unknown): boolean {
  return error instanceof VaultError && !(error instanceof UnknownMasterKey);
}

export function asFault(error: unknown): never {
  throw isLasting(error) ? new RenderError(error) : error;
}
