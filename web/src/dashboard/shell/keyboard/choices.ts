// What the palette offers: what the page can do, where one can go, what was found, how the page looks.
import type { SearchHit } from '@posthorn/client';
import type { Command } from '../../../parts/commands.ts';
import { applyTheme } from '../../../parts/theme.ts';
import { pages } from '../Rail.tsx';

export interface Choice {
  id: string;
  text: string;
  /** An endpoint is shown by its URL once that is read: the text has only its host. */
  endpoint?: { id: string; host: string };
  /** What kind of thing it is. */
  of: string;
  because?: string | undefined;
  act: () => void;
}

type Go = (path: string) => void;

/** Each word that was typed begins a word of the text. */
export function matches({ text, of }: Choice, typed: string): boolean {
  const have = `${text} ${of}`.toLowerCase().split(/[^\p{L}\p{N}]+/u);
  return typed
    .toLowerCase()
    .split(/\s+/)
    .every((word) => have.some((one) => one.startsWith(word)));
}

/** `lackOf`: why a page that needs a scope shows nothing. */
export function fixedChoices(
  commands: readonly Command[],
  go: Go,
  signOut: () => void,
  lackOf: (needs: string | undefined) => string | undefined,
): Choice[] {
  return [
    ...commands.map(({ id, text, because, act }) => ({ id: `do ${id}`, text, of: 'this page', because, act })),
    ...pages.map(({ to, text, needs }) => ({ id: `go ${to}`, text, of: 'page', because: lackOf(needs), act: () => go(to) })),
    { id: 'light', text: 'Light', of: 'theme', act: () => applyTheme('light') },
    { id: 'dark', text: 'Dark', of: 'theme', act: () => applyTheme('dark') },
    { id: 'system', text: 'Light or dark as the system', of: 'theme', act: () => applyTheme('system') },
    { id: 'sign-out', text: 'Sign out', of: 'session', act: signOut },
  ];
}

const paths: Record<SearchHit['kind'], (hit: SearchHit) => string> = {
  delivery: ({ id }) => `/deliveries/${id}`,
  event: ({ id, tenant }) => `/events/${tenant}/${id}`,
  endpoint: ({ id }) => `/endpoints/${id}`,
  tenant: ({ id }) => `/tenants/${id}`,
  event_type: ({ id }) => `/catalogue/${id}`,
};

export function foundChoices(hits: readonly SearchHit[], go: Go): Choice[] {
  return hits.map((hit) => {
    const { kind, id, title, detail, tenant } = hit;
    const name = [title, detail].filter((text) => text !== '').join(' · ');
    const of = [kind.replace('_', ' '), kind === 'tenant' ? id : tenant].filter((text) => text !== null).join(' of ');
    const shown = kind === 'endpoint' && { endpoint: { id, host: title } };
    return { id: `found ${kind} ${tenant} ${id}`, text: name, of, ...shown, act: () => go(paths[kind](hit)) };
  });
}
