// A menu behind a button. Most menus are never opened, so the menu itself is read when its button is pressed.
import { type ReactNode, Suspense, useState } from 'react';
import { Button } from './Button.tsx';
import { lazyPart } from './lazy-page.ts';

export interface MenuAction {
  id: string;
  text: string;
  /** Marked as the present choice. */
  isChosen?: boolean;
  act: () => void;
}

export interface MenuProps {
  /** What it is for, for screen readers. */
  label: string;
  /** On the button. */
  children: ReactNode;
  actions: MenuAction[];
}

const load = () => import('./OpenMenu.tsx').then((module) => module.OpenMenu);
const OpenMenu = lazyPart(load);
const loadAhead = () => void load().catch(() => undefined);

export function Menu(props: MenuProps) {
  const [isWanted, setIsWanted] = useState(false);
  const closed = (
    <Button tone="quiet" aria-label={props.label} aria-haspopup="menu" onHoverStart={loadAhead} onPress={() => setIsWanted(true)}>
      {props.children}
    </Button>
  );
  if (!isWanted) return closed;
  return (
    <Suspense fallback={closed}>
      <OpenMenu {...props} />
    </Suspense>
  );
}
