// Over the pages when the link ends. They keep what was typed: the page around may bring a new link.
import { credential } from '../../api/credential.ts';
import { Dialog } from '../../parts/Dialog.tsx';
import { isEmbedded } from './frame/host.ts';
import { Renewal } from './LinkNotice.tsx';
import { isPast } from './link/address.ts';
import { usePortalWords } from './words/language.tsx';

export function LinkEnded() {
  const words = usePortalWords();
  const isExpired = isPast(credential.token());
  return (
    <Dialog title={isExpired ? words.expiredTitle : words.invalidTitle} isOpen onClose={() => undefined} isDismissable={false}>
      {isEmbedded ? <Renewal /> : <p>{isExpired ? words.expired : words.invalid}</p>}
    </Dialog>
  );
}
