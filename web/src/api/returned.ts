// The first thing that the dashboard does: what the provider put into the address of the page is taken out of it, and out of
// the history, before anything else can read it.
import type { Returned } from './sign-in.ts';

/** Null: this page was not opened by the provider. */
export const returned: Returned | null = takeFromAddress();

function takeFromAddress(): Returned | null {
  if (location.pathname !== '/dashboard/signed-in') return null;
  const query = new URLSearchParams(location.search);
  history.replaceState(null, '', '/dashboard/');
  const error = query.get('error_description') ?? query.get('error');
  return { state: query.get('state') ?? '', code: query.get('code') ?? '', issuer: query.get('iss'), error };
}
