// The first page: the deliveries; while the tenant has no endpoint, that of the endpoints; or the first page that the link may show.
import { useLocation, useNavigate } from '@tanstack/react-router';
import { useEffect } from 'react';
import { useSignedIn } from '../../api/use.ts';
import { Skeleton } from '../../parts/States.tsx';
import { useEndpoints } from '../tenant.ts';
import { entries } from './entries.ts';
import { NotFound } from './Failed.tsx';
import { usePortalWords } from './words/language.tsx';

export function Home() {
  const words = usePortalWords();
  const navigate = useNavigate();
  // another one each time somebody comes here, also while the page that follows is still being read; null: they are on their way
  const visit = useLocation({ select: ({ pathname, state }) => (pathname === '/' ? (state.__TSR_key ?? '') : null) });
  const first = useFirstPage();
  useEffect(() => {
    if (first && visit !== null) void navigate({ to: first, replace: true });
  }, [navigate, first, visit]);
  if (first === null) return <NotFound />;
  return (
    <>
      <h1 className="visually-hidden">{words.opening}</h1>
      <Skeleton rows={6} />
    </>
  );
}

/** Undefined: it is not known yet. Null: the link may show none. */
function useFirstPage() {
  const signedIn = useSignedIn();
  const { data, isLoading } = useEndpoints();
  if (signedIn.state === 'signed_out' || isLoading) return undefined;
  const { scopes } = signedIn.credential;
  const shown = entries.filter(({ scope }) => scopes.includes(scope));
  // should the endpoints not be readable: that page says why
  const wanted = data?.length === 0 ? '/endpoints' : '/deliveries';
  return (shown.find(({ to }) => to === wanted) ?? shown[0])?.to ?? null;
}
