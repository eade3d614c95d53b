// Finds by an id that somebody pastes, or a part of a name. What is done with a hit decides the page: open it, or narrow a list to it.
import type { SearchHit, SearchHitKind } from '@posthorn/client';
import { type KeyboardEvent, useId, useState } from 'react';
import { EndpointName } from '../EndpointUrl.tsx';
import './find-box.css';
import { useHits } from './use-hits.ts';

export interface FindBoxProps {
  kinds: readonly SearchHitKind[];
  /** Only of this tenant. */
  tenant: string | undefined;
  /** What choosing a hit does: "Open", "Show its deliveries". */
  effectOf: (hit: SearchHit) => string;
  onFound: (hit: SearchHit) => void;
}

export function FindBox({ kinds, tenant, effectOf, onFound }: FindBoxProps) {
  const id = useId();
  const [text, setText] = useState('');
  const [at, setAt] = useState(0);
  const [isOpen, setIsOpen] = useState(false);
  const { hits, isSearching } = useHits(text, kinds, tenant);
  const shows = isOpen && text.trim() !== '';
  const marked = hits[Math.min(at, hits.length - 1)];
  const choose = (hit: SearchHit) => {
    setText('');
    setIsOpen(false);
    onFound(hit);
  };
  const press = (event: KeyboardEvent) => {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (event.key === 'Escape') setIsOpen(false);
    else if (event.key === 'Enter' && shows && marked && !isSearching) choose(marked);
    else if (step && hits.length > 0) setAt((Math.min(at, hits.length - 1) + step + hits.length) % hits.length);
    else return;
    event.preventDefault();
  };
  return (
    <div className="field find-box">
      <label htmlFor={id}>Find</label>
      <input
        id={id}
        className="input"
        role="combobox"
        placeholder="id, URL, tenant or type"
        autoComplete="off"
        spellCheck={false}
        aria-expanded={shows}
        aria-controls={`${id}-hits`}
        aria-autocomplete="list"
        aria-activedescendant={shows && marked ? optionId(id, marked) : undefined}
        value={text}
        onChange={({ target }) => {
          setText(target.value);
          setAt(0);
          setIsOpen(true);
        }}
        onFocus={() => setIsOpen(true)}
        onBlur={() => setIsOpen(false)}
        onKeyDown={press}
      />
      {shows && <Hits id={id} hits={hits} marked={marked} isSearching={isSearching} effectOf={effectOf} onChoose={choose} />}
    </div>
  );
}

const optionId = (id: string, hit: SearchHit) => `${id}-${hit.kind}-${hit.tenant}-${hit.id}`;

interface HitsProps {
  id: string;
  hits: readonly SearchHit[];
  marked: SearchHit | undefined;
  isSearching: boolean;
  effectOf: (hit: SearchHit) => string;
  onChoose: (hit: SearchHit) => void;
}

function Hits({ id, hits, marked, isSearching, effectOf, onChoose }: HitsProps) {
  if (hits.length === 0) {
    return (
      <p id={`${id}-hits`} className="find-box-hits find-box-empty quiet" role="status">
        {isSearching ? 'Searching…' : 'Nothing has this id or name. Ids of deliveries and events must be whole.'}
      </p>
    );
  }
  return (
    <div id={`${id}-hits`} className="find-box-hits" role="listbox" aria-label="Found">
      {hits.map((hit) => (
        // biome-ignore lint/a11y/useKeyWithClickEvents: the focus and its keys stay in the field, which names the marked option
        <div
          key={optionId(id, hit)}
          id={optionId(id, hit)}
          role="option"
          aria-selected={hit === marked}
          className="find-box-hit"
          // the field keeps the focus, so that it does not close before the click
          onPointerDown={(event) => event.preventDefault()}
          onClick={() => onChoose(hit)}
        >
          <span>
            {hit.kind === 'endpoint' ? (
              <EndpointName id={hit.id} host={hit.title} />
            ) : (
              <>
                <strong>{hit.title}</strong> {hit.detail}
              </>
            )}
          </span>
          <span className="quiet">
            {effectOf(hit)} <code>{hit.id}</code> {hit.tenant}
          </span>
        </div>
      ))}
    </div>
  );
}
