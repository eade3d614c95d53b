// The command palette: one field that goes to a page, finds a thing by id or name, and does what the open page can do.
import { useQuery } from '@tanstack/react-query';
import { useRouter } from '@tanstack/react-router';
import { type KeyboardEvent, useEffect, useId, useMemo, useState } from 'react';
import { Dialog as AriaDialog } from 'react-aria-components/Dialog';
import { Modal, ModalOverlay } from 'react-aria-components/Modal';
import { posthorn } from '../../../api/client.ts';
import { useLacksPage } from '../../../api/use.ts';
import { useAllCommands } from '../../../parts/commands.ts';
import { EndpointName } from '../../../parts/EndpointUrl.tsx';
import { useSignOut } from '../use-sign-out.ts';
import { type Choice, fixedChoices, foundChoices, matches } from './choices.ts';
import '../../../parts/dialog.css';
import './keyboard.css';

const restMs = 120;
/** As the API takes it; a long URL is found by its beginning. */
const longest = 200;

const states = {
  searching: 'Searching…',
  failed: 'The search failed. Change a letter to try again.',
  done: 'Nothing was found. Ids are found whole, names by a part.',
};

export function Palette({ onClose }: { onClose: () => void }) {
  return (
    <ModalOverlay className="veil palette-veil" isOpen onOpenChange={(open) => !open && onClose()} isDismissable>
      <Modal className="sheet palette-sheet">
        <AriaDialog className="dialog" aria-label="Go anywhere, do anything">
          <Chooser onClose={onClose} />
        </AriaDialog>
      </Modal>
    </ModalOverlay>
  );
}

function Chooser({ onClose }: { onClose: () => void }) {
  const [typed, setTyped] = useState('');
  const [at, setAt] = useState(0);
  const { choices, state } = useChoices(typed.trim());
  const listId = useId();
  const chosen = choices[Math.min(at, choices.length - 1)];
  const take = (choice: Choice | undefined) => {
    if (!choice || choice.because !== undefined) return;
    onClose();
    choice.act();
  };
  const onKeyDown = (event: KeyboardEvent) => {
    const move = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (event.key === 'Enter') take(chosen);
    else if (move !== undefined && choices.length > 0) setAt((Math.min(at, choices.length - 1) + move + choices.length) % choices.length);
    else return;
    event.preventDefault();
  };
  return (
    <>
      <input
        className="palette-input"
        role="combobox"
        aria-label="Id, name, page or command"
        aria-expanded
        aria-controls={listId}
        aria-autocomplete="list"
        {...(chosen && { 'aria-activedescendant': `${listId}-${choices.indexOf(chosen)}` })}
        placeholder="Id, name, page or command"
        autoComplete="off"
        spellCheck={false}
        // biome-ignore lint/a11y/noAutofocus: the palette is opened to be typed into
        autoFocus
        value={typed}
        onChange={(event) => {
          setTyped(event.target.value);
          setAt(0);
        }}
        onKeyDown={onKeyDown}
      />
      <Choices id={listId} choices={choices} chosen={chosen} onTake={take} />
      <p className="palette-state" role="status">
        {choices.length === 0 && states[state]}
      </p>
    </>
  );
}

/** What matches. What is found by the API follows what the page knows. */
function useChoices(typed: string): { choices: Choice[]; state: keyof typeof states } {
  const { history, buildLocation } = useRouter();
  const commands = useAllCommands();
  const rested = useRested(typed);
  const signOut = useSignOut();
  const lacksAdmin = useLacksPage('admin');
  const { data, isFetching, isError } = useQuery({
    queryKey: ['search', rested],
    queryFn: ({ signal }) => posthorn.search(rested.slice(0, longest), { limit: 5 }, { signal }),
    enabled: rested.length >= 2,
  });
  const choices = useMemo(() => {
    const go = (path: string) => history.push(buildLocation({ to: path }).href);
    const fixed = fixedChoices(commands, go, signOut, (needs) => (needs === undefined ? undefined : lacksAdmin));
    if (typed === '') return fixed;
    // what an earlier text has found could be opened by mistake
    const found = rested === typed ? (data ?? []) : [];
    return [...fixed.filter((choice) => matches(choice, typed)), ...foundChoices(found, go)];
  }, [typed, rested, commands, data, history, buildLocation, signOut, lacksAdmin]);
  return { choices, state: isFetching || rested !== typed ? 'searching' : isError ? 'failed' : 'done' };
}

/** The text as it was when the last key was pressed a moment ago. */
function useRested(typed: string): string {
  const [rested, setRested] = useState(typed);
  useEffect(() => {
    const timer = setTimeout(() => setRested(typed), restMs);
    return () => clearTimeout(timer);
  }, [typed]);
  return rested;
}

interface ChoicesProps {
  id: string;
  choices: Choice[];
  chosen: Choice | undefined;
  onTake: (choice: Choice) => void;
}

function Choices({ id: listId, choices, chosen, onTake }: ChoicesProps) {
  useEffect(() => {
    if (chosen) document.getElementById(`${listId}-${choices.indexOf(chosen)}`)?.scrollIntoView({ block: 'nearest' });
  }, [listId, choices, chosen]);
  return (
    <div id={listId} role="listbox" aria-label="What matches" className="palette-list">
      {choices.map((choice, index) => (
        // biome-ignore lint/a11y/useKeyWithClickEvents: the field above has the keys
        <div
          key={choice.id}
          id={`${listId}-${index}`}
          role="option"
          aria-selected={choice === chosen}
          aria-disabled={choice.because !== undefined}
          className="palette-choice"
          onClick={() => onTake(choice)}
        >
          <span className="palette-text">{choice.endpoint ? <EndpointName {...choice.endpoint} /> : choice.text}</span>
          <span className="quiet">{choice.because ?? choice.of}</span>
        </div>
      ))}
    </div>
  );
}
