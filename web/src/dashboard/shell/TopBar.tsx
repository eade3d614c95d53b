// What is there on every page: where one is, who one is, light or dark.
import { Link } from '@tanstack/react-router';
import { useState } from 'react';
import { credential } from '../../api/credential.ts';
import { useSignedIn } from '../../api/use.ts';
import { Menu } from '../../parts/Menu.tsx';
import { applyTheme, readTheme, type Theme } from '../../parts/theme.ts';
import './top-bar.css';

export function TopBar() {
  return (
    <header className="top-bar">
      <Link to="/" className="brand">
        Posthorn
      </Link>
      <div className="top-bar-end">
        <ThemeMenu />
        <AccountMenu />
      </div>
    </header>
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

function AccountMenu() {
  const signedIn = useSignedIn();
  if (signedIn.state === 'signed_out') return null;
  const { name } = signedIn.credential;
  return (
    <Menu label={`Signed in as ${name}`} actions={[{ id: 'sign-out', text: 'Sign out', act: credential.signOut }]}>
      <span className="top-bar-name">{name}</span>
    </Menu>
  );
}
