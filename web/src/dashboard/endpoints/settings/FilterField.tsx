// The filter of an endpoint, built without code or written as JSON, with the fields of the types that it subscribes to.
import { useMemo, useState } from 'react';
import { FilterBuilder } from '../../../parts/filter/FilterBuilder.tsx';
import { draftOf, type FilterDraft } from '../../../parts/filter/filter-draft.ts';
import { fieldsOfTypes } from '../../../parts/filter/schema-fields.ts';
import { Code } from '../../../parts/Json.tsx';
import { useSettingsForm } from './form.tsx';
import { useTypes } from './use-types.ts';

export function FilterField() {
  const { draft, set, isReadOnly, problemOf, refused } = useSettingsForm();
  const [shown, setShown] = useState<FilterDraft>(() => draftOf(draft.filter));
  const types = useTypes(draft.eventTypes);
  const fields = useMemo(() => fieldsOfTypes(types), [types]);
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
    <fieldset className="choice-set">
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
