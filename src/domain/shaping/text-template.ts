// String templates: text with placeholders such as `Order {{data.orderId}}` or `{{data.note | none}}`.

import { faultText } from '../faults/fault.ts';
import type { JsonText } from './json-text.ts';
import { type Path, parsePath, type Roots } from './path.ts';
import { ShapingError } from './shaping-error.ts';

/** Text as it is, or a placeholder. `otherwise`: the text for a value that is missing, null or empty. */
export type Part = string | { path: Path; otherwise: string };

export const escapes = ['slack', 'discord', 'teams', 'url'] as const;
/** How values are escaped, so that they cannot become markup, mentions or links of the receiver. */
export type Escape = (typeof escapes)[number];

const placeholder = /\{\{([^{}]*)\}\}/g;

/** A text instead of the parts: what is wrong with it. */
export function parseText(text: string, roots: Roots): Part[] | string {
  const parts: Part[] = [];
  let end = 0;
  for (const found of text.matchAll(placeholder)) {
    const [path = '', ...otherwise] = (found[1] ?? '').split('|');
    const keys = parsePath(path.trim());
    if (typeof keys === 'string') return faultText('placeholder', { placeholder: found[0], why: keys });
    const wrong = roots(keys[0] ?? '');
    if (wrong) return faultText('placeholder', { placeholder: found[0], why: wrong });
    parts.push(text.slice(end, found.index), { path: keys, otherwise: otherwise.join('|').trim() });
    end = found.index + found[0].length;
  }
  parts.push(text.slice(end));
  if (parts.some((part) => typeof part === 'string' && /\{\{|\}\}/.test(part))) return faultText('placeholder_braces');
  return parts.filter((part) => part !== '');
}

/** Characters. A short template can repeat the whole event many times. */
export const longestOutput = 1024 * 1024;

export interface HowToFill {
  escape: Escape | null;
  /** A longer text is cut; null: it may have any length. */
  most: number | null;
}

/**
 * Texts are put in as they are, numbers and booleans as they were written, objects and arrays as JSON. Throws ShapingError
 * above `longestOutput`.
 */
export function fillIn(parts: readonly Part[], root: JsonText, { escape: how, most }: HowToFill): string {
  let filled = '';
  for (const part of parts) {
    const value = typeof part === 'string' ? part : plainText(root.at(part.path)) || part.otherwise;
    filled += how && typeof part !== 'string' ? escaped(value, how) : value;
    if (most !== null && filled.length > most) return shortened(filled, most);
    if (filled.length > longestOutput) throw tooLong();
  }
  return filled;
}

export function tooLong(): ShapingError {
  return new ShapingError(`the transform makes more than ${longestOutput} characters of the event`);
}

function plainText(value: JsonText | undefined): string {
  if (value === undefined || value.text === 'null') return '';
  return value.text.startsWith('"') ? (JSON.parse(value.text) as string) : value.text;
}

function escaped(text: string, how: Escape): string {
  switch (how) {
    case 'slack':
      return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
    case 'discord':
      return text.replace(/[\\*_~`|<>[\]]/g, '\\$&');
    case 'teams':
      return text.replace(/[\\*_`[\]]/g, '\\$&');
    case 'url':
      return encodeURIComponent(text.toWellFormed());
  }
}

/** Its first UTF-16 units and an ellipsis. */
function shortened(text: string, most: number): string {
  // must not end in half of a surrogate pair
  return `${text.slice(0, most - 1).replace(/[\ud800-\udbff]$/, '')}…`;
}
