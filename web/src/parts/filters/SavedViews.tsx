// Opens filters that were saved under a name, and saves the present ones.
import { type FormEvent, useState } from 'react';
import { Button } from '../Button.tsx';
import { TextField } from '../Field.tsx';
import { Popup } from '../Popup.tsx';
import { say } from '../Toasts.tsx';
import { longestName, readViews, removeView, type SavedView, saveView } from './saved-views.ts';
import './saved-views.css';

export interface SavedViewsProps {
  /** Under this name they are kept. */
  list: string;
  /** Views that are always there. */
  usual: readonly SavedView[];
  /** The present filters, as they stand in the address; empty: there are none. */
  search: string;
  onOpen: (search: string) => void;
}

export function SavedViews(props: SavedViewsProps) {
  return (
    <Popup label="Views" text="Views" side="end">
      {(close) => <Views {...props} close={close} />}
    </Popup>
  );
}

function Views({ list, usual, search, onOpen, close }: SavedViewsProps & { close: () => void }) {
  const [views, setViews] = useState(() => readViews(list));
  const open = (view: SavedView) => {
    close();
    onOpen(view.search);
  };
  return (
    <>
      <ul className="saved-views">
        {usual.map((view) => (
          <li key={view.name}>
            <OpenButton view={view} isHere={view.search === search} onOpen={open} />
          </li>
        ))}
      </ul>
      <ul className="saved-views" aria-label="Saved in this browser">
        {views.map((view) => (
          <li key={view.name}>
            <OpenButton view={view} isHere={view.search === search} onOpen={open} />
            <Button tone="quiet" aria-label={`Remove the view ${view.name}`} onPress={() => setViews(removeView(list, view.name))}>
              ✕
            </Button>
          </li>
        ))}
      </ul>
      <hr />
      <SaveForm
        search={search}
        onSave={(name) => {
          saveView(list, { name, search });
          say(`The view “${name}” is saved in this browser.`);
          close();
        }}
      />
    </>
  );
}

function OpenButton({ view, isHere, onOpen }: { view: SavedView; isHere: boolean; onOpen: (view: SavedView) => void }) {
  return (
    <Button tone="quiet" onPress={() => onOpen(view)} {...(isHere && { 'aria-current': 'true' })}>
      {view.name}
    </Button>
  );
}

function SaveForm({ search, onSave }: { search: string; onSave: (name: string) => void }) {
  const [name, setName] = useState('');
  const because = search === '' ? 'choose filters first' : name.trim() === '' ? 'give it a name first' : undefined;
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (because === undefined) onSave(name.trim());
  };
  return (
    <form className="saved-views-form" onSubmit={submit}>
      <TextField
        label="Save these filters as"
        value={name}
        maxLength={longestName}
        onChange={({ target }) => setName(target.value)}
        hint="Views are kept in this browser only. To share one, send its address."
      />
      <Button type="submit" because={because}>
        Save the view
      </Button>
    </form>
  );
}
