// How a value of the API looks in a terminal. Control characters are shown, not obeyed: they may come from a stranger.

/** A value on one line. Nothing: `-`. */
export function visible(value: unknown): string {
  if (value === null || value === undefined || value === '') return '-';
  if (Array.isArray(value)) return value.length === 0 ? '-' : value.map(visible).join(', ');
  return inert(typeof value === 'object' ? JSON.stringify(value) : String(value));
}

/** Without control characters, which could move the cursor or change the title of the terminal. */
export function inert(text: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what it looks for
  return text.replaceAll(/[\u0000-\u001f\u007f-\u009f\u2028-\u202e\u2066-\u2069]/g, (one) => {
    return one === '\n' ? '⏎' : `\\u${one.charCodeAt(0).toString(16).padStart(4, '0')}`;
  });
}

export function cut(line: string, width: number): string {
  return line.length <= width ? line : `${line.slice(0, Math.max(1, width - 1))}…`;
}
