// What the portal shows without the token of a portal link.
import { Empty } from '../parts/States.tsx';

export function NoLink() {
  return (
    <main>
      <Empty title="This page needs a link">
        <p>Open it from the application that sends you webhooks. A link ends after some time; the application makes a new one.</p>
      </Empty>
    </main>
  );
}
