// In place of a page whose file is still being read, as while Posthorn is away: where one is, and that it waits.
import { useLocation } from '@tanstack/react-router';
import { Page } from '../../parts/Page.tsx';
import { Skeleton } from '../../parts/States.tsx';
import { pages } from './Rail.tsx';

export function Awaited() {
  const path = useLocation({ select: ({ pathname }) => pathname });
  const page = pages.findLast(({ to }) => path === to || path.startsWith(`${to}/`));
  return (
    <Page title={page?.text ?? 'Posthorn'}>
      <Skeleton rows={8} />
    </Page>
  );
}
