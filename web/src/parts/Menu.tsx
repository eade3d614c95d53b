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
const OpenMenu = lazyPart(load, (props) => <Closed {...props} />);
const loadAhead = () => void load().catch(() => undefined);

export function Menu(props: MenuProps) {
  const [isWanted, setIsWanted] = useState(false);
  if (!isWanted) return <Closed {...props} onPress={() => setIsWanted(true)} />;
  return (
    <Suspense fallback={<Closed {...props} />}>
      <OpenMenu {...props} />
    </Suspense>
  );
}

function Closed({ label, children, onPress }: MenuProps & { onPress?: () => void }) {
  return (
    <Button tone="quiet" aria-label={label} aria-haspopup="menu" onHoverStart={loadAhead} {...(onPress && { onPress })}>
      {children}
    </Button>
  );
}
