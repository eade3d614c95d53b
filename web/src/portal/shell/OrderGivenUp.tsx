// Tells that an order for one tenant was given up, because a link of another tenant was opened in the same tab.
import { NotSent } from '../../parts/NotSent.tsx';
import { usePortalWords } from './words/language.tsx';

export function OrderGivenUp() {
  const words = usePortalWords();
  return (
    <NotSent titleOf={({ wasSent }) => (wasSent ? words.maybeSentTitle : words.notSentTitle)}>
      {({ wasSent }) => (wasSent ? words.maybeSent : words.notSent)}
    </NotSent>
  );
}
