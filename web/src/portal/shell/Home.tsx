// The first page: the deliveries, or the first page that the link may show.
import { Navigate } from '@tanstack/react-router';
import { useSignedIn } from '../../api/use.ts';
import { entries } from './entries.ts';

export function Home() {
  const signedIn = useSignedIn();
  if (signedIn.state === 'signed_out') return null;
  const { scopes } = signedIn.credential;
  const shown = entries.filter(({ scope }) => scopes.includes(scope));
  const first = shown.find(({ to }) => to === '/deliveries') ?? shown[0];
  return first ? <Navigate to={first.to} replace /> : null;
}
