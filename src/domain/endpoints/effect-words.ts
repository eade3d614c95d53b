// Numbers and durations in the sentences about a change.

/** @example spoken(90_000) // '2 min' */
export function spoken(ms: number): string {
  const seconds = ms / 1_000;
  if (seconds < 1) return `${Math.round(ms)} ms`;
  if (seconds < 90) return `${rounded(seconds)} s`;
  if (seconds < 90 * 60) return `${Math.round(seconds / 60)} min`;
  if (seconds < 36 * 3_600) return `${rounded(seconds / 3_600)} h`;
  return `${rounded(seconds / 86_400)} days`;
}

/** @example counted(1_204, 'delivery', 'deliveries') // '1,204 deliveries' */
export function counted(number: number, one: string, several: string): string {
  return `${number.toLocaleString('en')} ${number === 1 ? one : several}`;
}

/** @example rounded(13.333) // '13' */
export function rounded(number: number): string {
  return number.toLocaleString('en', { maximumFractionDigits: number < 10 ? 1 : 0 });
}
