// What is shown in place of the pages while there is no valid link.
import { useSyncExternalStore } from 'react';
import { Button } from '../../parts/Button.tsx';
import { Skeleton } from '../../parts/States.tsx';
import { askForToken, isEmbedded } from './frame/host.ts';
import { type LinkState, portalLink } from './link/link.ts';
import { usePortalWords } from './words/language.tsx';
import './link-notice.css';

export function LinkNotice({ state }: { state: Exclude<LinkState, { state: 'open' }> }) {
  const words = usePortalWords();
  if (state.state === 'opening') {
    return (
      <main className="notice">
        <h1 className="visually-hidden">{words.opening}</h1>
        <Skeleton rows={6} />
      </main>
    );
  }
  const kind = state.state === 'missing' ? 'missing' : state.because;
  return (
    <main className="notice">
      <h1>{isEmbedded ? words.portal : words[`${kind}Title`]}</h1>
      {isEmbedded ? <Renewal /> : <p>{words[kind]}</p>}
    </main>
  );
}

/** While the page around gets a new link, and when it has none. */
export function Renewal() {
  const words = usePortalWords();
  const isRefused = useSyncExternalStore(portalLink.subscribe, portalLink.isRenewalRefused);
  return (
    <div role="status" className="renewal">
      <p>{isRefused ? words.notRenewed : words.renewing}</p>
      {isRefused && <Button onPress={askAgain}>{words.again}</Button>}
    </div>
  );
}

function askAgain(): void {
  portalLink.renewalRefused(false);
  askForToken();
}
