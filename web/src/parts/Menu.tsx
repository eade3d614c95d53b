// A menu behind a button.
import type { ReactNode } from 'react';
import { Menu as AriaMenu, MenuItem, MenuTrigger } from 'react-aria-components/Menu';
import { Popover } from 'react-aria-components/Popover';
import { Button } from './Button.tsx';
import './menu.css';

export interface MenuAction {
  id: string;
  text: string;
  /** Marked as the present choice. */
  isChosen?: boolean;
  act: () => void;
}

export function Menu({ label, children, actions }: { label: string; children: ReactNode; actions: MenuAction[] }) {
  return (
    <MenuTrigger>
      <Button tone="quiet" aria-label={label}>
        {children}
      </Button>
      <Popover className="popover">
        <AriaMenu className="menu" onAction={(id) => actions.find((action) => action.id === id)?.act()}>
          {actions.map(({ id, text, isChosen }) => (
            <MenuItem key={id} id={id} textValue={text} className="menu-item">
              <span className="menu-mark" aria-hidden>
                {isChosen && '✓'}
              </span>
              {text}
            </MenuItem>
          ))}
        </AriaMenu>
      </Popover>
    </MenuTrigger>
  );
}
