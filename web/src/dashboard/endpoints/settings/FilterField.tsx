// The filter of an endpoint, built without code or written as JSON, with the fields of the types that it subscribes to.
import { useQueries } from '@tanstack/react-query';
import { useMemo, useState } from 'react';
import { posthorn } from '../../../api/client.ts';
import { FilterBuilder } from '../../../parts/filter/FilterBuilder.tsx';
import { draftOf, type FilterDraft } from '../../../parts/filter/filter-draft.ts';
import { fieldsOfSchema, type SchemaField } from '../../../parts/filter/schema-fields.ts';
import { Code } from '../../../parts/Json.tsx';
import { useTypeNames } from '../TypeNames.tsx';
import { useSettingsForm } from './form.tsx';
import { linesOf } from './texts.ts';

/** Of so many types the fields are offered. */
const mostTypes = 5;

export function FilterField() {
  const { draft, set, isReadOnly, problemOf, refused } = useSettingsForm();
  const [shown, setShown] = useState<FilterDraft>(() => draftOf(draft.filter));
  const fields = useFields(draft.eventTypes);
  // the form has taken back what was typed, or somebody else has changed the filter
  const stored = useMemo(() => draftOf(draft.filter), [draft.filter]);
  const filter = shown.text === draft.filter ? shown : stored;
  const problem = problemOf('filter');
  const refusedHere = refused.filter(({ path }) => path.startsWith('filter'));
  const change = (next: FilterDraft) => {
    setShown(next);
    set('filter', next.text);
  };
  return (
    <fieldset className="settings-filter">
      <legend>Filter</legend>
      <p className="field-hint">Conditions on the content of events. None: all events of its types.</p>
      {isReadOnly ? (
        <Code text={draft.filter === '' ? 'none' : draft.filter} label="Filter" />
      ) : (
        <FilterBuilder
          draft={filter}
          onChange={change}
          fields={fields}
          isChecked={problem !== undefined || refusedHere.length > 0}
          refused={refusedHere}
        />
      )}
    </fieldset>
  );
}

/** The fields that the schemas of the subscribed types have. */
function useFields(eventTypes: string): SchemaField[] {
  const known = useTypeNames();
  const types = linesOf(eventTypes).filter((type) => known.includes(type));
  return useQueries({
    queries: types.slice(0, mostTypes).map((type) => ({
      queryKey: ['event-type', type],
      queryFn: ({ signal }: { signal: AbortSignal }) => posthorn.eventTypes.get(type, { signal }),
      staleTime: 60_000,
    })),
    combine: (results) => results.flatMap(({ data }) => (data?.schema ? fieldsOfSchema(data.schema) : [])),
  });
}
