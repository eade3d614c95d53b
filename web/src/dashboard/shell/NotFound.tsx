import { Link } from '@tanstack/react-router';
import { Page } from '../../parts/Page.tsx';
import { Empty } from '../../parts/States.tsx';
import { useWords } from '../../words/words.tsx';

export function NotFound() {
  const words = useWords();
  return (
    <Page title="Not found">
      <Empty title={words.notFound}>
        <Link to="/">Go to the overview</Link>
      </Empty>
    </Page>
  );
}
