// The menu with its button, after it was opened for the first time.
import { Menu as AriaMenu, MenuItem, MenuTrigger } from 'react-aria-components/Menu';
import { Popover } from 'react-aria-components/Popover';
import { Button } from './Button.tsx';
import type { MenuProps } from './Menu.tsx';
import './menu.css';

export function OpenMenu({ label, children, actions }: MenuProps) {
  return (
    <MenuTrigger defaultOpen>
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
