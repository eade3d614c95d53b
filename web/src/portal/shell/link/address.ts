// What the address of the portal says: the id of the link, if it may be embedded, and once the token, in the fragment.

/** Under which all pages are. @example '/portal/lnk_0199c8f0000070008000000000000000' */
export const basePath = /^\/portal\/lnk_[0-9a-f]{32}(?=\/|$)/.exec(location.pathname)?.[0] ?? '/portal';

/** Takes the token out of the address, so that neither the address bar nor the history keeps it. Null: there is none. */
export function takeToken(): string | null {
  const token = new URLSearchParams(location.hash.slice(1)).get('token');
  if (token !== null) history.replaceState(history.state, '', location.pathname + location.search);
  return token;
}

/** Whether the token of a link says that it has ended. The clock of this machine may be wrong: for words only. */
export function isPast(token: string): boolean {
  try {
    const [, payload = ''] = token.split('.');
    const { exp } = JSON.parse(atob(payload.replaceAll('-', '+').replaceAll('_', '/'))) as { exp?: number };
    return typeof exp === 'number' && exp * 1_000 <= Date.now();
  } catch {
    return false;
  }
}
