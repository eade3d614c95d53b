// In place of a page that the role of the person may not see.
import { Page } from '../../parts/Page.tsx';
import { Empty } from '../../parts/States.tsx';

/** @example <NeedsRole title="API keys" lacks="needs the role admin" /> */
export function NeedsRole({ title, lacks }: { title: string; lacks: string }) {
  return (
    <Page title={title}>
      <Empty title={`This page ${lacks}`}>
        <p>Sign in with a key, or as a person, that has this role.</p>
      </Empty>
    </Page>
  );
}
