// The first page: the deliveries; while the tenant has no endpoint, that of the endpoints; or the first page that the link may show.
import { Navigate } from '@tanstack/react-router';
import { useSignedIn } from '../../api/use.ts';
import { Skeleton } from '../../parts/States.tsx';
import { useEndpoints } from '../tenant.ts';
import { entries } from './entries.ts';

export function Home() {
  const signedIn = useSignedIn();
  const { data, isLoading } = useEndpoints();
  if (signedIn.state === 'signed_out') return null;
  if (isLoading) return <Skeleton rows={6} />;
  const { scopes } = signedIn.credential;
  const shown = entries.filter(({ scope }) => scopes.includes(scope));
  const wanted = data?.length === 0 ? '/endpoints' : '/deliveries';
  const first = shown.find(({ to }) => to === wanted) ?? shown[0];
  return first ? <Navigate to={first.to} replace /> : null;
}
