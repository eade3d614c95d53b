// The portal link of this tab: opened with a token from the address, from the tab's storage, or from the page around; renewed by that
// page before it ends. Requests that the API refuses meanwhile wait, and are made again with the new token.
import type { CurrentPortalLink } from '@posthorn/client';
import { connection } from '../../../api/connection.ts';
import { credential } from '../../../api/credential.ts';
import { askForToken, isEmbedded } from '../frame/host.ts';
import { look } from '../frame/look.ts';
import { isPast } from './address.ts';

export type LinkState =
  | { state: 'opening' }
  /** Nobody gave a token. */
  | { state: 'missing' }
  /** The API refuses it. */
  | { state: 'refused'; because: 'expired' | 'invalid' }
  | { state: 'open'; link: CurrentPortalLink };

let now: LinkState = { state: 'opening' };
let isRenewalRefused = false;
let timer: ReturnType<typeof setTimeout> | undefined;
const listeners = new Set<() => void>();
const tenantChanges = new Set<() => void>();
/** The page around is asked so long before the end, or after three quarters of a short life. */
const aheadMs = 60_000;
const retryMs = 3_000;
/** And never sooner: the page may keep a link, and give the same one again. */
const leastMs = 1_000;
/** What is known of an earlier one comes too late. */
let lastGiven = '';

export const portalLink = {
  get: (): LinkState => now,
  subscribe(listener: () => void): () => void {
    listeners.add(listener);
    return () => listeners.delete(listener);
  },
  /** Calls back when a link of another tenant is opened: nothing that was read may stay. */
  onOtherTenant(callback: () => void): void {
    tenantChanges.add(callback);
  },
  /** Whether the page around has said that it has no new link. */
  isRenewalRefused: () => isRenewalRefused,
  renewalRefused(is: boolean): void {
    isRenewalRefused = is;
    tell();
  },
  missing(): void {
    become({ state: 'missing' });
    if (isEmbedded) askForToken();
  },
  /** `isRenewal`: the page around gave it, as it was asked to. */
  async open(token: string, isRenewal = false): Promise<void> {
    lastGiven = token;
    const answer = await describe(token);
    if (token !== lastGiven) return;
    // the bar says so
    if (answer === 'away') setTimeout(() => token === lastGiven && void portalLink.open(token, isRenewal), retryMs);
    else if (answer === 'refused') refused(token, isRenewal);
    else opened(token, answer);
  },
};

function opened(token: string, { link, leftMs }: Described): void {
  const { tenant, scopes, theme } = link;
  if (now.state === 'open' && now.link.tenant.id !== tenant.id) for (const callback of tenantChanges) callback();
  look.obeyLink(theme);
  become({ state: 'open', link });
  const { id, name } = tenant;
  credential.signIn({ token, scopes, name, shown: name, role: null, tenant: id, expiresAt: link.expiresAt, person: id });
  clearTimeout(timer);
  timer = setTimeout(isEmbedded ? askForToken : end, isEmbedded ? Math.max(leftMs - aheadMs, leftMs * 0.75, leastMs) : leftMs);
}

function refused(token: string, isRenewal: boolean): void {
  // the link that is open is as good as before
  if (isRenewal && credential.get().state === 'signed_in') return;
  if (now.state === 'open') end();
  else become({ state: 'refused', because: isPast(token) ? 'expired' : 'invalid' });
  if (!isEmbedded) return;
  // a page that has nothing better would be asked without end
  if (isRenewal) portalLink.renewalRefused(true);
  else askForToken();
}

/** As if the API had refused the token of this tab. */
function end(): void {
  void credential.renewed(credential.token());
}

function become(next: LinkState): void {
  now = next;
  isRenewalRefused = false;
  tell();
}

function tell(): void {
  for (const listener of listeners) listener();
}

interface Described {
  link: CurrentPortalLink;
  leftMs: number;
}

async function describe(token: string): Promise<Described | 'refused' | 'away'> {
  const headers = { authorization: `Bearer ${token}` };
  try {
    const response = await fetch('/v1/portal-links/current', { headers, cache: 'no-store', credentials: 'omit' });
    connection.saw(response.status === 503 ? 'store_away' : 'ok');
    if (response.status === 401 || response.status === 404) return 'refused';
    if (!response.ok) return 'away';
    const link = (await response.json()) as CurrentPortalLink;
    // by the clock of the server: that of this machine may be wrong
    const serverMs = Date.parse(response.headers.get('date') ?? '') || Date.now();
    return { link, leftMs: Math.max(0, Date.parse(link.expiresAt) - serverMs) };
  } catch {
    connection.saw('away');
    return 'away';
  }
}

credential.subscribe(() => {
  if (isEmbedded && credential.get().state === 'ended') askForToken();
});
