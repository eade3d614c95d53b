// JSON that somebody types.

export type Typed = { value: unknown } | { problem: string };

/** Empty: undefined. */
export function readJson(text: string): Typed {
  if (text.trim() === '') return { value: undefined };
  try {
    return { value: JSON.parse(text) };
  } catch (error) {
    return { problem: `is not JSON: ${error instanceof Error ? error.message : 'it cannot be read'}` };
  }
}

/** A list of examples, or a single one. */
export function readExamples(text: string): { value: unknown[] | undefined } | { problem: string } {
  const typed = readJson(text);
  if ('problem' in typed || typed.value === undefined) return typed as { problem: string } | { value: undefined };
  return Array.isArray(typed.value) ? { value: typed.value } : { value: [typed.value] };
}
