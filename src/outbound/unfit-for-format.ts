// Data that a format cannot hold, and how much the formats that rewrite it hold.
import type { BodyFormat } from '#domain/body-format';

/** Objects and arrays within each other. */
export const deepest = 100;
/** Characters: a path is written again for each of its leaves, so that a form may be far longer than what it was made of. */
export const longest = 4 * 1024 * 1024;

export class FormatError extends Error {
  override name = 'UnfitForFormat';

  constructor(format: BodyFormat, why: string) {
    super(`the event's data ${why} for the format ${format}`);
  }
}
