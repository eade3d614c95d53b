// The filter of an endpoint, tried with the examples of the event types while it is built.
import type { EventType, FieldError, TestFilterResult } from '@posthorn/client';
import { keepPreviousData, useQuery } from '@tanstack/react-query';
import { posthorn } from '../../api/client.ts';
import { FilterBuilder } from '../../parts/filter/FilterBuilder.tsx';
import { type FilterDraft, isSendable } from '../../parts/filter/filter-draft.ts';
import type { SchemaField } from '../../parts/filter/schema-fields.ts';
import { Tag } from '../../parts/Status.tsx';
import { useSettled } from '../../parts/use-settled.ts';
import { useEndpointWords } from './words.ts';

interface FilterSectionProps {
  draft: FilterDraft;
  onChange: (draft: FilterDraft) => void;
  fields: readonly SchemaField[];
  /** With their examples. */
  types: readonly EventType[];
  isChecked: boolean;
  refused: readonly FieldError[];
}

export function FilterSection({ draft, onChange, fields, types, isChecked, refused }: FilterSectionProps) {
  const words = useEndpointWords().form;
  return (
    <fieldset className="choice-set">
      <legend>{words.filter}</legend>
      <p className="field-hint">{words.filterHint}</p>
      <FilterBuilder draft={draft} onChange={onChange} fields={fields} isChecked={isChecked} refused={refused} />
      {draft.text !== '' && isSendable(draft) && <Tried filter={draft.text} types={types} />}
    </fieldset>
  );
}

/** What becomes of the first example of each type. */
function Tried({ filter, types }: { filter: string; types: readonly EventType[] }) {
  const words = useEndpointWords().form;
  const settled = useSettled(filter);
  const examples = types.flatMap(({ name, examples: [example] }) => (example === undefined ? [] : [{ type: name, data: example }]));
  const { data = [] } = useQuery({
    queryKey: ['filter-test', settled, examples],
    enabled: isSendable({ text: settled, nodes: null }),
    queryFn: ({ signal }) => Promise.all(examples.map((event) => tried(settled, event, signal))),
    placeholderData: keepPreviousData,
    staleTime: 60_000,
  });
  if (data.length === 0) return null;
  return (
    <div className="filter-tried" role="status">
      <p className="field-hint">{words.tried}</p>
      <ul>
        {data.map(({ type, matches }) => (
          <li key={type}>
            <code>{type}</code> <Tag tone={matches ? 'good' : 'muted'}>{matches ? words.matches : words.matchesNot}</Tag>
          </li>
        ))}
      </ul>
    </div>
  );
}

/** The filter is sent as it stands, with its numbers as they are written. */
async function tried(filter: string, event: { type: string; data: unknown }, signal: AbortSignal) {
  const text = `{"filter":${filter},"event":${JSON.stringify(event)}}`;
  const { matches } = await posthorn.request<TestFilterResult>('POST', '/v1/filters/test', { text }, { signal });
  return { type: event.type, matches };
}
