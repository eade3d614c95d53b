// The keys that every page understands. Palette and help are read when they are first opened.
import { Suspense, useEffect, useState } from 'react';
import { commandFor } from '../../../parts/commands.ts';
import { lazyPart } from '../../../parts/lazy-page.ts';
import { leaveRows, moveRow, toggleRow } from './rows.ts';

const Palette = lazyPart(() => import('./Palette.tsx').then((module) => module.Palette));
const Shortcuts = lazyPart(() => import('./Shortcuts.tsx').then((module) => module.Shortcuts));

type Open = 'palette' | 'shortcuts' | null;

/** Dispatched on the window by what opens the palette with the mouse. */
export const openPalette = 'posthorn-palette';

export function Keyboard() {
  const [open, setOpen] = useState<Open>(null);
  useEffect(() => {
    const onKey = (event: KeyboardEvent) => {
      if (event.defaultPrevented || !obey(event, setOpen)) return;
      event.preventDefault();
    };
    const onOpen = () => setOpen('palette');
    document.addEventListener('keydown', onKey);
    addEventListener(openPalette, onOpen);
    return () => {
      document.removeEventListener('keydown', onKey);
      removeEventListener(openPalette, onOpen);
    };
  }, []);
  const close = () => setOpen(null);
  return (
    <Suspense>
      {open === 'palette' && <Palette onClose={close} />}
      {open === 'shortcuts' && <Shortcuts onClose={close} />}
    </Suspense>
  );
}

/** Whether the key meant something. */
function obey(event: KeyboardEvent, setOpen: (open: Open) => void): boolean {
  const { key, ctrlKey, metaKey, altKey } = event;
  if ((ctrlKey || metaKey) && !altKey && key.toLowerCase() === 'k') {
    if (!hasDialog()) setOpen('palette');
    return true;
  }
  // what is typed into a field, and what a dialog understands, is theirs
  if (ctrlKey || metaKey || altKey || isTyping(event.target) || hasDialog()) return false;
  if (key === '/') {
    const field = document.querySelector<HTMLElement>('#content [data-shortcut="/"]');
    if (field) field.focus();
    else setOpen('palette');
  } else if (key === '?') setOpen('shortcuts');
  else if (key === 'j' || key === 'k') moveRow(key === 'j' ? 1 : -1);
  else if (key === 'x') return toggleRow();
  else if (key === 'Escape' && leaveRows()) return true;
  else return obeyCommand(key);
  return true;
}

function obeyCommand(key: string): boolean {
  const command = commandFor(key);
  if (!command || command.because !== undefined) return false;
  command.act();
  return true;
}

const dialogs = '[role="dialog"], [role="alertdialog"], [role="menu"], [role="listbox"], [popover]:popover-open';
const hasDialog = () => document.querySelector(dialogs) !== null;

/** A checkbox takes no text. */
const isTyping = (target: EventTarget | null) =>
  target instanceof HTMLElement &&
  (target.isContentEditable || (target.matches('input, textarea, select') && !target.matches('[type="checkbox"], [type="radio"]')));
