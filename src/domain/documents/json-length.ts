// How long the JSON text of a value is, without writing it.

/** In characters, roughly. Null: more than `most`; it stops looking there. */
export function lengthWithin(value: unknown, most: number): number | null {
  const waiting = [value];
  let length = 0;
  while (waiting.length > 0) {
    const next = waiting.pop();
    if (typeof next === 'string') length += next.length + 3;
    else if (typeof next !== 'object' || next === null) length += String(next).length + 1;
    else {
      length += 2;
      for (const key in next) {
        if (!Array.isArray(next)) length += key.length + 3;
        waiting.push((next as Record<string, unknown>)[key]);
        // each member that waits takes a character at least
        if (length + waiting.length > most) return null;
      }
    }
    if (length > most) return null;
  }
  return length;
}
