// What is shown in place of the pages while there is no valid link, and over them when it ends.
import { useSyncExternalStore } from 'react';
import { credential } from '../../api/credential.ts';
import { Button } from '../../parts/Button.tsx';
import { Dialog } from '../../parts/Dialog.tsx';
import { Skeleton } from '../../parts/States.tsx';
import { askForToken, isEmbedded } from './frame/host.ts';
import { isPast } from './link/address.ts';
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

/** Over the pages, which keep what was typed: the page around may bring a new link. */
export function LinkEnded() {
  const words = usePortalWords();
  const isExpired = isPast(credential.token());
  return (
    <Dialog title={isExpired ? words.expiredTitle : words.invalidTitle} isOpen onClose={() => undefined} isDismissable={false}>
      {isEmbedded ? <Renewal /> : <p>{isExpired ? words.expired : words.invalid}</p>}
    </Dialog>
  );
}

function Renewal() {
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
