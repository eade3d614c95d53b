// Templates: a JSON value that says how the body of a request is made of an event. Compiled once, which also checks it;
// docs/transforms.md is the reference.
import { ofEvent, type Path, parsePath, type Roots } from './path.ts';
import { type Escape, escapes, type Part, parseText } from './text-template.ts';

/** A compiled template. */
export type Node =
  | { kind: 'constant'; text: string }
  | { kind: 'object'; members: readonly (readonly [key: string, value: Node])[] }
  | { kind: 'array'; items: readonly Node[] }
  | { kind: 'value'; path: Path; map: ReadonlyMap<string, string> | null; missing: Missing }
  | { kind: 'text'; parts: readonly Part[]; escape: Escape | null; most: number | null; missing: Missing };

/** What stands for a value that is missing: null, another value, or nothing: its member or element is left out. */
export type Missing = 'null' | 'absent' | Node;

export interface TemplateProblem {
  path: (string | number)[];
  message: string;
}

const deepest = 30;
const mostNodes = 2_000;
const operators = ['$path', '$text', '$const'];
/** Adaptive Cards and others name their schema so. */
const plainKeys = ['$schema'];

/** Returns the first problem instead, if there is one. */
export function compileTemplate(template: unknown, roots: Roots = ofEvent): Node | TemplateProblem {
  try {
    return new Compiler(roots).node(template, []);
  } catch (error) {
    if (error instanceof Refused) return error.problem;
    throw error;
  }
}

export function isProblem(compiled: Node | TemplateProblem): compiled is TemplateProblem {
  return 'message' in compiled;
}

class Refused extends Error {
  readonly problem: TemplateProblem;

  constructor(path: (string | number)[], message: string) {
    super(message);
    this.problem = { path, message };
  }
}

type Operator = Record<string, unknown>;
type Place = (string | number)[];

class Compiler {
  readonly #roots: Roots;
  #nodes = 0;

  constructor(roots: Roots) {
    this.#roots = roots;
  }

  node(template: unknown, place: Place): Node {
    if (++this.#nodes > mostNodes) throw new Refused([], `must have at most ${mostNodes} values`);
    if (place.length > deepest) throw new Refused([], `must be nested at most ${deepest} levels deep`);
    if (typeof template === 'string') return this.#text({ $text: template }, place, place);
    if (Array.isArray(template)) return { kind: 'array', items: template.map((item, index) => this.node(item, [...place, index])) };
    if (typeof template === 'object' && template !== null) return this.#object(template as Operator, place);
    return this.#constant(template, place);
  }

  #object(given: Operator, place: Place): Node {
    const [operator, second] = operators.filter((name) => Object.hasOwn(given, name));
    if (second !== undefined) throw new Refused([...place, second], `cannot be combined with ${operator}`);
    if (operator === '$path') return this.#value(given, place);
    if (operator === '$text') return this.#text(given, place, [...place, '$text']);
    if (operator === '$const') return this.#constant(only(given, ['$const'], place).$const, [...place, '$const']);
    const members = Object.entries(given).map(([key, value]) => [keyOf(key, place), this.node(value, [...place, key])] as const);
    return { kind: 'object', members };
  }

  #constant(value: unknown, place: Place): Node {
    refuseRounded(value, place, deepest);
    return { kind: 'constant', text: JSON.stringify(value) };
  }

  #value(given: Operator, place: Place): Node {
    const { $path, $map } = only(given, ['$path', '$map', '$default', '$optional'], place);
    if (typeof $path !== 'string') throw new Refused([...place, '$path'], 'must be a path such as data.amount');
    const path = parsePath($path);
    if (typeof path === 'string') throw new Refused([...place, '$path'], path);
    const wrong = this.#roots(path[0] ?? '');
    if (wrong) throw new Refused([...place, '$path'], wrong);
    return { kind: 'value', path, map: this.#map($map, [...place, '$map']), missing: this.#missing(given, place) };
  }

  #map(given: unknown, place: Place): ReadonlyMap<string, string> | null {
    if (given === undefined) return null;
    if (typeof given !== 'object' || given === null || Array.isArray(given))
      throw new Refused(place, 'must be an object: the value of the event as a key, and what stands for it');
    return new Map(
      Object.entries(given).map(([key, value]) => {
        refuseRounded(value, [...place, key], deepest);
        return [key, JSON.stringify(value)];
      }),
    );
  }

  #text(given: Operator, place: Place, textPlace: Place): Node {
    const { $text, $max = null, $escape = null } = only(given, ['$text', '$max', '$escape', '$default', '$optional'], place);
    if (typeof $text !== 'string') throw new Refused(textPlace, 'must be a text such as Order {{data.orderId}}');
    const parts = parseText($text, this.#roots);
    if (typeof parts === 'string') throw new Refused(textPlace, parts);
    if ($max !== null && !(Number.isInteger($max) && Number($max) >= 1 && Number($max) <= 100_000))
      throw new Refused([...place, '$max'], 'must be a whole number from 1 to 100000');
    if ($escape !== null && !escapes.some((one) => one === $escape))
      throw new Refused([...place, '$escape'], `must be one of ${escapes.join(', ')}`);
    return { kind: 'text', parts, escape: $escape as Escape | null, most: $max as number | null, missing: this.#missing(given, place) };
  }

  #missing(given: Operator, place: Place): Missing {
    const { $default, $optional } = given;
    if ($optional !== undefined && $optional !== true) throw new Refused([...place, '$optional'], 'must be true, or left out');
    if ($optional === true && $default !== undefined) throw new Refused([...place, '$optional'], 'cannot be combined with $default');
    if ($optional === true) return 'absent';
    return $default === undefined ? 'null' : this.node($default, [...place, '$default']);
  }
}

/** The members of an operator. Throws at any other one. */
function only(given: Operator, allowed: string[], place: Place): Operator {
  const unknown = Object.keys(given).find((key) => !allowed.includes(key));
  if (unknown !== undefined)
    throw new Refused(
      [...place, unknown],
      `is not allowed beside ${allowed[0]}; allowed are ${allowed.slice(1).join(', ') || 'no others'}`,
    );
  return given;
}

/** `$$name` is the key `$name`. */
function keyOf(key: string, place: Place): string {
  if (!key.startsWith('$') || plainKeys.includes(key)) return key;
  if (key.startsWith('$$')) return key.slice(1);
  throw new Refused([...place, key], `is no operator; known are ${operators.join(', ')}. Write $${key} for a key that begins with $`);
}

/** A number that JSON.parse has rounded would be sent otherwise than it was written. */
function refuseRounded(value: unknown, place: Place, levels: number): void {
  if (levels < 0) throw new Refused([], `must be nested at most ${deepest} levels deep`);
  if (typeof value === 'number' && !Number.isFinite(value)) throw new Refused(place, 'is too large a number; send it as a text');
  if (typeof value === 'number' && Number.isInteger(value) && !Number.isSafeInteger(value))
    throw new Refused(place, 'is a whole number above 2^53, which would be rounded; send it as a text');
  if (typeof value !== 'object' || value === null) return;
  for (const [key, inner] of Object.entries(value)) refuseRounded(inner, [...place, Array.isArray(value) ? Number(key) : key], levels - 1);
}
