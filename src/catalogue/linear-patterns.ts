// Regular expressions of schemas, run by an engine that takes linear time whatever the expression is. So an event cannot
// block a process by a `pattern` that backtracks. Look-around and back references need backtracking and are refused.
import { RE2JS } from 're2js';

/** The interface that Ajv expects; it tells expressions apart by their text. */
export interface Pattern {
  test(text: string): boolean;
  toString(): string;
}

/** Throws for an expression that is refused. */
export function linearPattern(source: string): Pattern {
  const compiled = RE2JS.compile(RE2JS.translateRegExp(source));
  return { test: (text) => compiled.test(text), toString: () => source };
}

/** Null: the expression can be used. */
export function patternFault(source: string): string | null {
  try {
    linearPattern(source);
    return null;
  } catch {
    return 'is not a regular expression that can be used: check its syntax; look-around such as (?=…) and back references such as \\1 are not supported';
  }
}
