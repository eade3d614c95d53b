// Reads a filter into the tree of the builder.
import { parseExactly } from '../../../../src/domain/filters/exact-json.ts';
import { type Comparison, isScalar, parseFilter, type Scalar } from '../../../../src/domain/filters/parse-filter.ts';
import { type Compare, type Group, type Join, type Node, nextId, type Test, type Value } from './model.ts';

type Json = Record<string, unknown>;

/** `text`: JSON. Null: it is not a filter, so only the JSON editor can show it. */
export function readFilter(text: string): Node[] | null {
  const given = parsed(text);
  return given !== undefined && parseFilter(given).filter ? nodesOf(given as Json) : null;
}

/** Undefined: it is not JSON. */
function parsed(text: string): unknown {
  try {
    return parseExactly(text);
  } catch {
    return undefined;
  }
}

function nodesOf(given: Json): Node[] {
  return Object.entries(given).map(([key, value]): Node => {
    const join = joins[key];
    return join ? groupOf(join, value, (inner) => nodesOf(inner as Json)) : { kind: 'field', id: nextId(), path: key, of: testsOf(value) };
  });
}

function testsOf(given: unknown): Test[] {
  if (isScalar(given)) return [compareOf('$eq', [given], true)];
  return Object.entries(given as Json).map(([key, value]): Test => {
    const join = joins[key];
    if (join) return groupOf(join, value, testsOf);
    return compareOf(key as Comparison, Array.isArray(value) ? (value as Scalar[]) : [value as Scalar], false);
  });
}

const joins: Record<string, Join | undefined> = { $and: 'all', $or: 'any', $not: 'not' };

function groupOf<N extends Node | Test>(join: Join, given: unknown, read: (inner: unknown) => N[]): Group<N> {
  const of = join === 'not' ? read(given) : (given as unknown[]).map((inner) => together(read(inner)));
  return { kind: 'group', id: nextId(), join, isListed: true, of };
}

/** What is one object in a list. */
function together<N extends Node | Test>(nodes: N[]): N {
  const [only] = nodes;
  if (nodes.length === 1 && only) return only;
  return { kind: 'group', id: nextId(), join: 'all', isListed: false, of: nodes } as Group<N> as unknown as N;
}

function compareOf(operator: Comparison, values: Scalar[], isShort: boolean): Compare {
  return { kind: 'compare', id: nextId(), operator, values: values.map(toValue), isShort };
}

function toValue(scalar: Scalar): Value {
  if (scalar === null) return { type: 'null' };
  if (typeof scalar === 'string') return { type: 'text', text: scalar };
  if (typeof scalar === 'boolean') return { type: 'boolean', is: scalar };
  return { type: 'number', text: typeof scalar === 'number' ? String(scalar) : scalar.text };
}
