// How settings of an endpoint are written in fields, and read from them. Pure.
import type { RetryPolicy } from '@posthorn/client';
import { typedNumber } from '../../../parts/typed-number.ts';

/** One in each line, or separated by commas. */
export const linesOf = (text: string): string[] =>
  text
    .split(/[\n,]/)
    .map((line) => line.trim())
    .filter((line) => line !== '');

export const pairsText = (pairs: Record<string, string>): string =>
  Object.entries(pairs)
    .map(([name, value]) => `${name}: ${value}`)
    .join('\n');

/** One `name: value` in each line. Throws if a line has no colon. */
export function pairsOf(text: string): Record<string, string> {
  const pairs: Record<string, string> = {};
  for (const line of text.split('\n').filter((one) => one.trim() !== '')) {
    const colon = line.indexOf(':');
    if (colon < 1) throw new Error(`“${line.trim().slice(0, 40)}” must be a name, a colon and a value`);
    pairs[line.slice(0, colon).trim()] = line.slice(colon + 1).trim();
  }
  return pairs;
}

/** @example retryText({ schedule: ['5s', '1m'] }) // '5s, 1m' */
export const retryText = (retry: RetryPolicy): string => ('schedule' in retry ? retry.schedule.join(', ') : JSON.stringify(retry));

/** Waits, or the JSON of a growing schedule; empty: null, the usual schedule. */
export function retryOf(text: string): RetryPolicy | null {
  const trimmed = text.trim();
  if (trimmed === '') return null;
  return trimmed.startsWith('{') ? (jsonOf(trimmed) as RetryPolicy) : { schedule: linesOf(trimmed) };
}

/** Empty: null. Throws what is wrong with the JSON. */
export function jsonOf(text: string): unknown {
  if (text.trim() === '') return null;
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new Error(`is no JSON: ${error instanceof Error ? error.message : 'it cannot be read'}`);
  }
}

export const jsonText = (value: unknown): string => (value === null || value === undefined ? '' : JSON.stringify(value, null, 2));

/** Empty: null. Throws if it is no number. */
export function numberOf(text: string): number | null {
  if (text.trim() === '') return null;
  const value = typedNumber(text);
  if (value === null) throw new Error('must be a number, such as 100 or 2.5');
  return value;
}

/** Empty: null. Throws if it is no whole number. */
export function wholeOf(text: string): number | null {
  const value = numberOf(text);
  if (value !== null && !Number.isInteger(value)) throw new Error('must be a whole number');
  return value;
}

export const numberText = (value: number | null | undefined): string => (value === null || value === undefined ? '' : String(value));
