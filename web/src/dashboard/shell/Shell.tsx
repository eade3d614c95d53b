// The frame of all pages: rail, top bar, the page itself, and what lies over it.
import { Outlet } from '@tanstack/react-router';
import { useState } from 'react';
import { returned } from '../../api/returned.ts';
import { useHolder, useSignedIn } from '../../api/use.ts';
import { ConnectionBar } from '../../parts/ConnectionBar.tsx';
import { PageChange } from '../../parts/PageChange.tsx';
import { Toasts } from '../../parts/Toasts.tsx';
import { SecretOnce } from '../SecretOnce.tsx';
import { Keyboard } from './keyboard/Keyboard.tsx';
import { OrderGivenUp } from './OrderGivenUp.tsx';
import { Rail } from './Rail.tsx';
import { Returned } from './Returned.tsx';
import { SessionEnded } from './SessionEnded.tsx';
import { SignIn } from './SignIn.tsx';
import { TopBar } from './TopBar.tsx';
import './shell.css';

export function Shell() {
  const signedIn = useSignedIn();
  const { number } = useHolder();
  const [isReturning, setIsReturning] = useState(returned !== null);
  if (isReturning && returned) return <Returned returned={returned} onDone={() => setIsReturning(false)} />;
  if (signedIn.state === 'signed_out') {
    return (
      <>
        <ConnectionBar />
        <SignIn />
      </>
    );
  }
  // a page of its own for each person: nothing stays of what another one has read or typed
  return (
    <div className="shell" key={number}>
      <a className="skip" href="#content">
        Skip to the page
      </a>
      <TopBar />
      <Rail />
      <main id="content" className="shell-main" tabIndex={-1}>
        <ConnectionBar />
        <Outlet />
      </main>
      <PageChange />
      <Toasts />
      <SecretOnce />
      <Keyboard />
      {signedIn.state === 'ended' ? <SessionEnded name={signedIn.credential.shown} /> : <OrderGivenUp name={signedIn.credential.shown} />}
    </div>
  );
}
