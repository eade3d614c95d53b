// A page that threw, or whose chunk could not be read; and an address without a page.
import { type ErrorComponentProps, Link } from '@tanstack/react-router';
import { Page } from '../../parts/Page.tsx';
import { Empty, Problem } from '../../parts/States.tsx';
import { useWords } from '../../words/words.tsx';
import { usePortalWords } from './words/language.tsx';

export function Failed({ error }: ErrorComponentProps) {
  return (
    <Page title={usePortalWords().failedTitle}>
      <Problem error={error} onRetry={() => location.reload()} />
    </Page>
  );
}

export function NotFound() {
  const [words, portalWords] = [useWords(), usePortalWords()];
  return (
    <Page title={portalWords.portal}>
      <Empty title={words.notFound}>
        <Link to="/">{portalWords.home}</Link>
      </Empty>
    </Page>
  );
}
