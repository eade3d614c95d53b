// A filter as the builder shows it: a tree of conditions that reads and writes every filter of the API without loss.
import type { Comparison } from '../../../../src/domain/filters/parse-filter.ts';

/** A value that is compared with. Numbers are kept as they are written: a double would round some of them. */
export type Value = { type: 'text'; text: string } | { type: 'number'; text: string } | { type: 'boolean'; is: boolean } | { type: 'null' };

/** `id`: unique in the page, for keys and edits. */
export interface Compare {
  kind: 'compare';
  id: string;
  operator: Comparison;
  /** One value, or several for `$in` and `$nin`. */
  values: Value[];
  /** Written as the plain value, which stands for `$eq`. */
  isShort: boolean;
}

/** `all`, `any`: all or at least one of `of` holds. `not`: not all of them hold. */
export type Join = 'all' | 'any' | 'not';

export interface Group<N> {
  kind: 'group';
  id: string;
  join: Join;
  /** Of `all`: written as `$and`. Otherwise as one object. */
  isListed: boolean;
  of: N[];
}

/** Conditions on one value. */
export type Test = Compare | Group<Test>;

/** Conditions on the value at a path. All of them hold; with a `*` in the path, for the same element. */
export interface Field {
  kind: 'field';
  id: string;
  path: string;
  of: Test[];
}

/** Conditions on the event. All nodes of the list that is a whole filter hold. */
export type Node = Field | Group<Node>;

let last = 0;
export const nextId = (): string => `c${++last}`;

export const newCompare = (operator: Comparison = '$eq', values: Value[] = [{ type: 'text', text: '' }]): Compare => ({
  kind: 'compare',
  id: nextId(),
  operator,
  values,
  isShort: operator === '$eq',
});

export const newField = (path = ''): Field => ({ kind: 'field', id: nextId(), path, of: [newCompare()] });

export const newGroup = <N extends Node | Test>(join: Join, of: N[]): Group<N> => ({
  kind: 'group',
  id: nextId(),
  join,
  isListed: true,
  of,
});
