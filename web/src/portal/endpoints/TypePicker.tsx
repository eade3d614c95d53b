// Which event types an endpoint gets: all, or those that are checked. Patterns can be written, too.
import type { EventTypeSummary } from '@posthorn/client';
import { useQuery } from '@tanstack/react-query';
import { type ReactNode, useId, useState } from 'react';
import { Button } from '../../parts/Button.tsx';
import { fits } from '../../parts/event-types.ts';
import { Checkbox, TextField } from '../../parts/Field.tsx';
import { eventTypesQuery, mostTypes } from '../queries.ts';
import type { EndpointDraft } from './endpoint-draft.ts';
import { useEndpointWords } from './words.ts';

type Picked = Pick<EndpointDraft, 'allTypes' | 'eventTypes' | 'pattern'>;

interface PickerProps {
  draft: Picked;
  onChange: (change: Partial<Picked>) => void;
}

export function TypePicker({ draft, problem, onChange }: PickerProps & { problem: ReactNode }) {
  const words = useEndpointWords().form;
  const name = useId();
  return (
    <fieldset className="choice-set">
      <legend>{words.types}</legend>
      <label className="checkbox">
        <input type="radio" name={name} checked={draft.allTypes} onChange={() => onChange({ allTypes: true })} />
        <span>{words.all}</span>
      </label>
      <label className="checkbox">
        <input type="radio" name={name} checked={!draft.allTypes} onChange={() => onChange({ allTypes: false })} />
        <span>{words.some}</span>
      </label>
      {!draft.allTypes && <Types draft={draft} onChange={onChange} />}
      {problem && (
        <p className="field-problem" role="alert">
          {problem}
        </p>
      )}
    </fieldset>
  );
}

const searchedFrom = 9;

function Types({ draft: { eventTypes: chosen, pattern }, onChange }: PickerProps) {
  const words = useEndpointWords().form;
  const { data = [] } = useQuery(eventTypesQuery);
  const [search, setSearch] = useState('');
  const wanted = search.trim().toLowerCase();
  const shown = data.filter(({ name, description }) => `${name} ${description}`.toLowerCase().includes(wanted));
  const others = chosen.filter((one) => !data.some(({ name }) => name === one));
  const toggle = (type: string, isOn: boolean) => onChange({ eventTypes: isOn ? [...chosen, type] : chosen.filter((one) => one !== type) });
  return (
    <>
      {(data.length > 0 || others.length > 0) && (
        <div className="type-picker">
          {data.length >= searchedFrom && (
            <TextField label={words.searchTypes} type="search" value={search} onChange={({ target }) => setSearch(target.value)} />
          )}
          {data.length > 0 && shown.length === 0 && <p className="quiet">{words.noTypes}</p>}
          {[...groupsOf(shown, words.ungrouped)].map(([group, types]) => (
            <fieldset key={group} className="field-set">
              <legend>{group}</legend>
              {types.map((type) => (
                <TypeBox key={type.name} type={type} chosen={chosen} onToggle={toggle} />
              ))}
            </fieldset>
          ))}
          {data.length >= mostTypes && <p className="quiet">{words.moreTypes(mostTypes)}</p>}
          {others.length > 0 && (
            <fieldset className="field-set">
              <legend>{words.others}</legend>
              {others.map((type) => (
                <Checkbox key={type} label={<code>{type}</code>} checked onChange={() => toggle(type, false)} />
              ))}
            </fieldset>
          )}
        </div>
      )}
      <Pattern
        text={pattern}
        onType={(text) => onChange({ pattern: text })}
        onAdd={(added) => onChange({ pattern: '', ...(!chosen.includes(added) && { eventTypes: [...chosen, added] }) })}
      />
    </>
  );
}

interface TypeBoxProps {
  type: EventTypeSummary;
  chosen: readonly string[];
  onToggle: (type: string, isOn: boolean) => void;
}

function TypeBox({ type: { name, description }, chosen, onToggle }: TypeBoxProps) {
  const byPattern = chosen.find((one) => one !== name && fits(one, name));
  return (
    <Checkbox
      label={<code>{name}</code>}
      hint={byPattern ? `${byPattern}` : description.split('\n')[0]}
      checked={byPattern !== undefined || chosen.includes(name)}
      disabled={byPattern !== undefined}
      onChange={({ target }) => onToggle(name, target.checked)}
    />
  );
}

/** By the name of their group, those without one last. */
function groupsOf(types: readonly EventTypeSummary[], ungrouped: string): Map<string, EventTypeSummary[]> {
  const groups = Map.groupBy(types, ({ group }) => group ?? '');
  const names = [...groups.keys()].toSorted((a, b) => Number(a === '') - Number(b === '') || a.localeCompare(b));
  return new Map(names.map((name) => [name === '' ? ungrouped : name, groups.get(name) ?? []]));
}

interface PatternProps {
  text: string;
  onType: (text: string) => void;
  onAdd: (pattern: string) => void;
}

function Pattern({ text, onType, onAdd }: PatternProps) {
  const words = useEndpointWords().form;
  const add = () => text.trim() !== '' && onAdd(text.trim());
  return (
    <div className="field-with-button">
      <TextField
        label={words.pattern}
        hint={words.patternHint}
        value={text}
        onChange={({ target }) => onType(target.value)}
        onKeyDown={(event) => {
          if (event.key !== 'Enter') return;
          // not the form
          event.preventDefault();
          add();
        }}
      />
      <Button onPress={add}>{words.addPattern}</Button>
    </div>
  );
}
