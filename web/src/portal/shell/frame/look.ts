// How the portal looks: as its link says, unless the page around it says otherwise.
import type { CurrentPortalLink } from '@posthorn/client';
import type { Look } from '@posthorn/portal/protocol';
import { accentTokens } from './accent.ts';

let ofHost: Look = {};
let ofLink: CurrentPortalLink['theme'] | null = null;
const listeners = new Set<() => void>();

export const look = {
  /** The language that the page around wants; undefined: it does not say. */
  language: () => ofHost.language,
  subscribe(listener: () => void): () => void {
    listeners.add(listener);
    return () => listeners.delete(listener);
  },
  obeyHost(wanted: Look): void {
    ofHost = { ...ofHost, ...wanted };
    apply();
    for (const listener of listeners) listener();
  },
  obeyLink(theme: CurrentPortalLink['theme']): void {
    ofLink = theme;
    apply();
  },
};

/** By the object model: the policy of the page allows no style attributes in markup. */
function apply(): void {
  const { style, dataset } = document.documentElement;
  const mode = ofHost.mode ?? ofLink?.mode ?? 'system';
  if (mode === 'system') delete dataset.theme;
  else dataset.theme = mode;
  const { accent = null, radius = null } = ofLink ?? {};
  // what a new link does not say is as usual again
  const tokens = accent === null ? { '--accent': '', '--on-accent': '' } : accentTokens(accent);
  for (const [name, value] of Object.entries(tokens)) style.setProperty(name, value);
  style.setProperty('--radius', radius === null ? '' : `${radius}px`);
  // charts draw their colours themselves
  dispatchEvent(new Event('themechange'));
}
