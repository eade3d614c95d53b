// What is there on every page: where one is, who one is, light or dark.
import { Link } from '@tanstack/react-router';
import { useState } from 'react';
import { useSignedIn } from '../../api/use.ts';
import { Button } from '../../parts/Button.tsx';
import { Menu } from '../../parts/Menu.tsx';
import { Time } from '../../parts/Time.tsx';
import { applyTheme, readTheme, type Theme } from '../../parts/theme.ts';
import { openPalette } from './keyboard/Keyboard.tsx';
import { OpenAlerts } from './OpenAlerts.tsx';
import { useSignOut } from './use-sign-out.ts';
import './top-bar.css';

export function TopBar() {
  return (
    <header className="top-bar">
      <Link to="/" className="brand">
        Posthorn
      </Link>
      <div className="top-bar-end">
        <SearchButton />
        <OpenAlerts />
        <ThemeMenu />
        <AccountMenu />
      </div>
    </header>
  );
}

/** Looks like the field that it opens. */
function SearchButton() {
  return (
    <button
      type="button"
      className="top-bar-search"
      aria-keyshortcuts="/ Control+K Meta+K"
      onClick={() => dispatchEvent(new Event(openPalette))}
    >
      <span>Search</span> <kbd aria-hidden>/</kbd>
    </button>
  );
}

const themes: [Theme, string][] = [
  ['system', 'As the system'],
  ['light', 'Light'],
  ['dark', 'Dark'],
];

function ThemeMenu() {
  const [theme, setTheme] = useState(readTheme);
  const choose = (next: Theme) => {
    applyTheme(next);
    setTheme(next);
  };
  return (
    <Menu label="Theme" actions={themes.map(([id, text]) => ({ id, text, isChosen: id === theme, act: () => choose(id) }))}>
      <span aria-hidden>◐</span>
    </Menu>
  );
}

/** Who is signed in, as what, and until when. */
function AccountMenu() {
  const signedIn = useSignedIn();
  const signOut = useSignOut();
  if (signedIn.state === 'signed_out') return null;
  const { name, shown, role, tenant, expiresAt } = signedIn.credential;
  return (
    <>
      <button type="button" className="button button-quiet top-bar-account" popoverTarget="account" aria-label={`Signed in as ${shown}`}>
        <span className="top-bar-name">{shown}</span>
      </button>
      {/* the browser's own: it stays within the landmark, and closes with Escape and with a click beside it */}
      <div id="account" popover="auto" className="account">
        <p className="account-name">{name}</p>
        <p>
          {role === null ? 'A key with few rights' : `Role ${role}`}, {tenant === null ? 'all tenants' : `tenant ${tenant}`}
        </p>
        <p className="quiet">
          Ends <Time at={expiresAt} /> at the latest, and after 30 minutes without use.
        </p>
        <Button onPress={signOut}>Sign out</Button>
      </div>
    </>
  );
}
