// JSON pointers, and the URI fragments in which references write them.

/** The text of a fragment. Null: a `%` in it is not followed by two hex digits, or the bytes are no UTF-8. */
export function percentDecoded(fragment: string): string | null {
  try {
    return decodeURIComponent(fragment);
  } catch {
    return null;
  }
}

/** The key that a part of a JSON pointer stands for. */
export const pointerKey = (part: string) => part.replaceAll('~1', '/').replaceAll('~0', '~');
