// Writes the tree of the builder as a filter, and says what is wrong with it and where.
import { parseExactly } from '../../../../src/domain/filters/exact-json.ts';
import { parseFilter } from '../../../../src/domain/filters/parse-filter.ts';
import type { Compare, Group, Node, Test, Value } from './model.ts';

type Path = (string | number)[];
type Json = Record<string, unknown>;

export interface WrittenFilter {
  /** For `JSON.stringify`. Null: there are no conditions, so there is no filter. */
  filter: Json | null;
  /** JSON; empty: no filter. */
  text: string;
  /** By the id of the node; of the whole filter: by ''. */
  problems: Map<string, string>;
  /** The id of the node at a JSON pointer, or at the nearest place above it; '': the whole filter. */
  at(pointer: string): string;
}

export function writeFilter(nodes: readonly Node[]): WrittenFilter {
  if (nodes.length === 0) return { filter: null, text: '', problems: new Map(), at: () => '' };
  const writer = new Writer();
  const filter = writer.event(nodes, []);
  const at = (pointer: string) => nearest(writer.places, pointer);
  const problems = new Map(writer.problems);
  for (const { path, message } of parseFilter(filter).problems) {
    const id = at(pointerOf(path));
    if (!problems.has(id)) problems.set(id, message);
  }
  return { filter, text: JSON.stringify(filter), problems, at };
}

function nearest(places: Map<string, string>, pointer: string): string {
  const id = places.get(pointer);
  if (id !== undefined) return id;
  return pointer === '' ? '' : nearest(places, pointer.slice(0, pointer.lastIndexOf('/')));
}

const number = /^-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?$/;

class Writer {
  /** By JSON pointer. */
  readonly places = new Map<string, string>();
  readonly problems: [string, string][] = [];

  event(nodes: readonly Node[], path: Path): Json {
    return this.#object(nodes.flatMap(flat), path, keyOfNode, (node, at) =>
      node.kind === 'field' ? this.value(node.of, at) : this.#group(node, at, (of, inner) => this.event(of, inner)),
    );
  }

  value(tests: readonly Test[], path: Path): unknown {
    const all = tests.flatMap(flat);
    const [only] = all;
    if (all.length === 1 && only?.kind === 'compare' && only.isShort && only.operator === '$eq') {
      this.places.set(pointerOf(path), this.places.get(pointerOf(path)) ?? only.id);
      return this.#operand(only);
    }
    return this.#object(all, path, keyOfTest, (test, at) =>
      test.kind === 'compare' ? this.#operand(test) : this.#group(test, at, (of, inner) => this.value(of, inner)),
    );
  }

  /** Two conditions with one key make a list of both. */
  #object<N extends Node | Test>(nodes: readonly N[], path: Path, keyOf: (node: N) => string, write: (node: N, at: Path) => unknown): Json {
    const one = (node: N, at: Path) => {
      const here = [...at, keyOf(node)];
      this.places.set(pointerOf(here), node.id);
      return [keyOf(node), write(node, here)] as const;
    };
    if (new Set(nodes.map(keyOf)).size === nodes.length) return Object.fromEntries(nodes.map((node) => one(node, path)));
    return { $and: nodes.map((node, index) => Object.fromEntries([one(node, [...path, '$and', index])])) };
  }

  #group<N extends Node | Test>({ join, of }: Group<N>, path: Path, write: (of: readonly N[], path: Path) => unknown): unknown {
    if (join === 'not') return write(of, path);
    return of.map((node, index) => {
      this.places.set(pointerOf([...path, index]), node.id);
      return write([node], [...path, index]);
    });
  }

  #operand({ id, operator, values }: Compare): unknown {
    const written = values.map((value) => this.#scalar(value, id));
    return operator === '$in' || operator === '$nin' ? written : written[0];
  }

  #scalar(value: Value, id: string): unknown {
    if (value.type === 'null') return null;
    if (value.type === 'boolean') return value.is;
    if (value.type === 'text') return value.text;
    if (!number.test(value.text)) {
      this.problems.push([id, 'not_a_number']);
      return 0;
    }
    return parseExactly(value.text);
  }
}

/** A group that is written as one object is a part of the object around it. */
function flat<N extends Node | Test>(node: N): N[] {
  return node.kind === 'group' && node.join === 'all' && !node.isListed ? (node.of as N[]).flatMap(flat) : [node];
}

const keys = { all: '$and', any: '$or', not: '$not' } as const;
const keyOfNode = (node: Node) => (node.kind === 'field' ? node.path : keys[node.join]);
const keyOfTest = (test: Test) => (test.kind === 'compare' ? test.operator : keys[test.join]);

function pointerOf(path: Path): string {
  return path.map((part) => `/${String(part).replaceAll('~', '~0').replaceAll('/', '~1')}`).join('');
}
