// Values that a user gives as text: JSON, lists, pairs, files.
import { readFileSync } from 'node:fs';
import { parseAsWritten } from '#domain/json-numbers';
import { UsageError } from '../terminal/exit-codes.ts';

/** A list separated by commas. Repeated options add to it. */
export function commaList(text: string, before: string[] = []): string[] {
  return [
    ...before,
    ...text
      .split(',')
      .map((item) => item.trim())
      .filter((item) => item !== ''),
  ];
}

/** `name=value` pairs. Repeated options add to them. */
export function pairs(text: string, before: Record<string, string> = {}): Record<string, string> {
  const at = text.indexOf('=');
  if (at < 1) throw new UsageError(`${text}: must be name=value`);
  return { ...before, [text.slice(0, at)]: text.slice(at + 1) };
}

/** The option of a command that changes what somebody has read. */
export const ifMatchOption = ['--if-match <etag>', 'only if this is still its etag, with the quotes; `show --json` prints it'] as const;
export interface Conditional {
  ifMatch?: string | undefined;
}

// drops a byte order mark
const utf8 = new TextDecoder('utf-8', { fatal: true });

/** `@file`, `-` for standard input, or the text itself. */
export function textOf(given: string): string {
  const bytes = bytesOf(given);
  try {
    return utf8.decode(bytes);
  } catch {
    throw new UsageError(`${nameOf(given)} is not UTF-8 text: save it in UTF-8`);
  }
}

/** The same, unchanged. */
export function bytesOf(given: string): Buffer {
  try {
    if (given === '-') return readFileSync(0);
    return given.startsWith('@') ? readFileSync(given.slice(1)) : Buffer.from(given);
  } catch (error) {
    throw new UsageError(`${nameOf(given)} cannot be read: ${(error as Error).message}`);
  }
}

const nameOf = (given: string) => (given === '-' ? 'standard input' : given.replace(/^@/, ''));

/** A JSON value, given as text, `@file` or `-`. Throws UsageError with the place of the mistake. */
export function jsonOf(given: string, option: string): unknown {
  try {
    return parseAsWritten(textOf(given));
  } catch (error) {
    if (error instanceof UsageError) throw error;
    throw new UsageError(`${option}: is not JSON: ${(error as Error).message}`);
  }
}

/** A JSON object; nothing given: an empty one. */
export function objectOf(given: string | undefined, option: string): Record<string, unknown> {
  if (given === undefined) return {};
  const value = jsonOf(given, option);
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Record<string, unknown>;
  throw new UsageError(`${option}: must be a JSON object`);
}

export function wholeNumber(text: string): number {
  const number = Number(text);
  if (!Number.isInteger(number) || number < 0) throw new UsageError(`${text}: must be a whole number`);
  return number;
}

/** A time as ISO 8601, or a span before now such as `2h`, `30m` or `7d`. */
export function time(text: string): string {
  const span = /^(\d+)(s|m|h|d)$/.exec(text);
  if (!span) {
    if (Number.isNaN(Date.parse(text))) throw new UsageError(`${text}: must be a time such as 2026-03-02T10:00:00Z, or a span such as 2h`);
    return new Date(text).toISOString();
  }
  const unitMs = { s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 }[span[2] as 's' | 'm' | 'h' | 'd'];
  return new Date(Date.now() - Number(span[1]) * unitMs).toISOString();
}
