// What the parts of the filter builder share.
import { createContext, type ReactNode, useContext } from 'react';
import type { Node, Test } from './model.ts';
import type { SchemaField } from './schema-fields.ts';
import type { FilterWords } from './words.ts';

export interface Edits {
  replace: (id: string, change: (node: Node | Test) => Node | Test) => void;
  remove: (id: string) => void;
  /** `id`: of the group or field; empty: the whole filter. */
  add: (id: string, node: Node | Test) => void;
  /** An input of this node was left. */
  touch: (id: string) => void;
  problemOf: (id: string) => ReactNode;
  fields: readonly SchemaField[];
  words: FilterWords;
}

export const FilterEdits = createContext<Edits | null>(null);

export function useEdits(): Edits {
  const edits = useContext(FilterEdits);
  if (!edits) throw new Error('a part of the filter builder is outside of it');
  return edits;
}
