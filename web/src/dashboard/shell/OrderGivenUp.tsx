// Tells whoever has signed in over the page of another person what became of the order of that person.
import { NotSent } from '../../parts/NotSent.tsx';

export function OrderGivenUp({ name }: { name: string }) {
  return (
    <NotSent titleOf={({ wasSent }) => `What was ordered ${wasSent ? 'may have been carried out' : 'was not sent'}`}>
      {({ by, wasSent }) => (
        <>
          You signed in as <strong>{name}</strong>. What <strong>{by.shown}</strong> had ordered{' '}
          {wasSent ? 'was sent, but Posthorn did not answer. It may have been carried out, and is not sent again.' : 'was not sent.'}
        </>
      )}
    </NotSent>
  );
}
