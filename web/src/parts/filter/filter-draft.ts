// The filter of a form: its text, and its conditions where they can be shown.
import type { Node } from './model.ts';
import { readFilter } from './read-filter.ts';
import { writeFilter } from './write-filter.ts';

export interface FilterDraft {
  /** JSON; empty: no filter. */
  text: string;
  /** Null: the text is shown as JSON. */
  nodes: Node[] | null;
}

/** `text`: the JSON of a filter; empty: none. */
export const draftOf = (text: string): FilterDraft => ({ text, nodes: text === '' ? [] : readFilter(text) });

/** Whether the API would take it, as far as that can be said without it. */
export function isSendable({ text, nodes }: FilterDraft): boolean {
  return text === '' || (nodes ? writeFilter(nodes).problems.size === 0 : readFilter(text) !== null);
}
