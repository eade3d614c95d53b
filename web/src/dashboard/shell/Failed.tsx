// A page that threw, or whose chunk could not be read: after an upgrade the files of the old page are gone.
import type { ErrorComponentProps } from '@tanstack/react-router';
import { Page } from '../../parts/Page.tsx';
import { Problem } from '../../parts/States.tsx';

export function Failed({ error }: ErrorComponentProps) {
  return (
    <Page title="This page failed">
      <Problem error={error} onRetry={() => location.reload()} />
    </Page>
  );
}
