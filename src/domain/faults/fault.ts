// Writes what is wrong with a field, and reads its code and facts back from the message, for programs that say it in words of
// their own. Both by one table, so they agree.
import { type FaultCode, faultTexts, type TextFault } from './fault-texts.ts';

export interface Fault {
  code: FaultCode;
  /** What stands in the message in place of `{name}`. Of a `why`: also its code, as `whyCode`, and its own facts. */
  facts: Record<string, string>;
}

/** @example faultText('too_long', { most: 100 }) // 'must have at most 100 characters' */
export function faultText(code: TextFault, facts: Record<string, string | number> = {}): string {
  return faultTexts[code].replace(placeholder, (_, name: string) => String(facts[name]));
}

const placeholder = /\{(\w+)\}/g;

interface Template {
  code: TextFault;
  names: string[];
  /** What stands before, between and after the facts. */
  pieces: string[];
}

const templates = (Object.keys(faultTexts) as TextFault[]).map((code): Template => {
  const parts = faultTexts[code].split(placeholder);
  return { code, pieces: parts.filter((_, index) => index % 2 === 0), names: parts.filter((_, index) => index % 2 === 1) };
});

/** Null: the table does not have it. */
export function readFault(message: string): Fault | null {
  for (const template of templates) {
    const facts = factsIn(message, template);
    if (facts) return { code: template.code, facts: { ...facts, ...factsOfWhy(facts.why) } };
  }
  return null;
}

function factsOfWhy(why: string | undefined): Record<string, string> {
  const cause = why === undefined ? null : readFault(why);
  return cause ? { ...cause.facts, whyCode: cause.code } : {};
}

/** In one pass: a fact ends where the next piece is first found, since a fact can be a long text of anybody. */
function factsIn(message: string, { pieces: [start = '', ...others], names }: Template): Record<string, string> | null {
  if (!message.startsWith(start)) return null;
  const facts: Record<string, string> = {};
  let at = start.length;
  for (const [index, piece] of others.entries()) {
    const end = index === others.length - 1 ? message.length - piece.length : message.indexOf(piece, at);
    if (end < at || !message.startsWith(piece, end)) return null;
    facts[names[index] ?? ''] = message.slice(at, end);
    at = end + piece.length;
  }
  return at === message.length ? facts : null;
}
