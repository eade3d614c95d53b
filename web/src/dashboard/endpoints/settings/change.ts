// The change that a form makes, as the body of the request. Pure.
import { type Draft, readers, type Setting } from './draft.ts';

export interface DraftChange {
  /** Those whose fields were typed over. */
  settings: Setting[];
  /** What cannot be read from its fields. */
  problems: Partial<Record<Setting, string>>;
  /** The JSON of the change, with the numbers of filters and templates as they were typed. */
  text: string;
}

/** Their JSON is sent as it was typed: JavaScript would round long numbers. */
const verbatim: Partial<Record<Setting, 'filter' | 'transform'>> = { filter: 'filter', transform: 'transform' };

/** JSON without the spaces between its parts: how it is set out makes no difference. Other texts stay. */
const squeezed = (text: string) => (/^\s*[{[]/.test(text) ? text.replace(/("(?:[^"\\]|\\.)*")|\s+/g, '$1') : text);

/** `before`: the draft of what is stored. */
export function changeOf(before: Draft, draft: Draft): DraftChange {
  const settings = (Object.keys(readers) as Setting[]).filter((name) =>
    readers[name].fields.some((field) => squeezed(draft[field]) !== squeezed(before[field])),
  );
  const problems: DraftChange['problems'] = {};
  const members: string[] = [];
  for (const name of settings) {
    try {
      const value = readers[name].read(draft);
      const field = verbatim[name];
      members.push(`${JSON.stringify(name)}:${field && value !== null ? draft[field].trim() : JSON.stringify(value)}`);
    } catch (error) {
      problems[name] = error instanceof Error ? error.message : 'cannot be read';
    }
  }
  return { settings, problems, text: `{${members.join(',')}}` };
}
