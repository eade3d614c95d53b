// References within a schema: they must lead to a subschema of the same schema, and must not go round in a circle
// without a step into the data.
import { percentDecoded } from '../json-pointer.ts';
import { inPlace, isObject, type JsonObject, type SchemaNode } from './schema-walk.ts';

export interface SchemaFault {
  /** JSON pointer within the schema. */
  pointer: string;
  message: string;
}

const refKeywords = ['$ref', '$dynamicRef'] as const;

/**
 * The pointer of the subschema that a reference leads to. Null: it leads to another document. Undefined: to no subschema, or
 * its percent-encoding is broken.
 */
type Resolve = (ref: string) => string | null | undefined;

export function refFaults(root: unknown, nodes: readonly SchemaNode[]): SchemaFault[] {
  const resolve = resolver(root, nodes);
  const faults: SchemaFault[] = [];
  for (const { schema, pointer } of nodes) {
    for (const keyword of refKeywords) {
      const ref = isObject(schema) ? schema[keyword] : undefined;
      if (typeof ref !== 'string') continue;
      const target = resolve(ref);
      const at = `${pointer}/${keyword}`;
      if (target === null)
        faults.push({ pointer: at, message: 'must refer to a place in this schema, such as #/$defs/money: other documents are not read' });
      else if (target === undefined) faults.push({ pointer: at, message: leadsNowhere(ref) });
    }
  }
  return faults.length > 0 ? faults : circleFaults(nodes, resolve);
}

function leadsNowhere(ref: string): string {
  const shown = ref.slice(0, 100);
  if (percentDecoded(ref) === null) return `is ${shown}, which is no valid reference: write % as %25`;
  return `refers to ${shown}, where there is no subschema`;
}

function resolver(root: unknown, nodes: readonly SchemaNode[]): Resolve {
  const pointers = new Set(nodes.map(({ pointer }) => pointer));
  const anchors = new Map<string, string>();
  for (const { schema, pointer } of nodes)
    if (isObject(schema))
      for (const name of [schema.$anchor, schema.$dynamicAnchor]) if (typeof name === 'string') anchors.set(name, pointer);
  return (ref) => {
    const local = localRef(ref, isObject(root) ? root : {});
    if (local === null) return null;
    const fragment = percentDecoded(local.slice(1));
    if (fragment === null) return undefined;
    if (fragment === '' || fragment.startsWith('/')) return pointers.has(fragment) ? fragment : undefined;
    return anchors.get(fragment);
  };
}

/** The reference as a fragment (`#…`), if it is within the schema, also when it names the schema by its $id. Null: elsewhere. */
export function localRef(ref: string, { $id }: JsonObject): string | null {
  if (ref.startsWith('#')) return ref;
  if (typeof $id !== 'string') return null;
  const base = 'schema://local/';
  try {
    const [own, target] = [new URL($id, base), new URL(ref, new URL($id, base))];
    const { hash } = target;
    own.hash = '';
    target.hash = '';
    return own.href === target.href ? hash || '#' : null;
  } catch {
    return null;
  }
}

/** A schema that applies itself to the same value again and again, such as {"$ref": "#"}. */
function circleFaults(nodes: readonly SchemaNode[], resolve: Resolve): SchemaFault[] {
  const edges = new Map<string, string[]>();
  const add = (from: string, to: string) => edges.set(from, [...(edges.get(from) ?? []), to]);
  for (const { schema, pointer, keyword, parent } of nodes) {
    if (inPlace.has(keyword)) add(parent, pointer);
    for (const name of refKeywords) {
      const ref = isObject(schema) ? schema[name] : undefined;
      const target = typeof ref === 'string' ? resolve(ref) : undefined;
      if (typeof target === 'string') add(pointer, target);
    }
  }
  const at = circleIn(edges);
  return at === null ? [] : [{ pointer: at, message: 'refers to itself without end' }];
}

/** A node of a circle; null: there is none. Visits each node once. */
function circleIn(edges: ReadonlyMap<string, string[]>): string | null {
  const state = new Map<string, 'open' | 'done'>();
  for (const start of edges.keys()) {
    const path = [{ node: start, next: 0 }];
    for (let top = path.at(-1); top; top = path.at(-1)) {
      if (top.next === 0 && state.get(top.node) === 'done') {
        path.pop();
        continue;
      }
      state.set(top.node, 'open');
      const to = edges.get(top.node)?.[top.next++];
      if (to === undefined) {
        state.set(top.node, 'done');
        path.pop();
      } else if (state.get(to) === 'open') return to;
      else if (state.get(to) !== 'done') path.push({ node: to, next: 0 });
    }
  }
  return null;
}
