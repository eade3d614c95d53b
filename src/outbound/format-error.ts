// The error for data that a body format cannot hold, and the limits of the formats `form` and
// `xml`.
import type { BodyFormat } from '#domain/events/body-format';

/** Nesting levels of objects and arrays. */
export const deepest = 100;
/** Characters. A form repeats the whole path for every leaf, so it may be far longer than its JSON. */
export const longest = 4 * 1024 * 1024;

export class FormatError extends Error {
  override name = 'UnfitForFormat';

  constructor(format: BodyFormat, why: string) {
    super(`the event's data ${why} for the format ${format}`);
  }
}
