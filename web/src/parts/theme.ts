// Light or dark: as the system wishes, unless the user has chosen.

import { lastingStorage } from '../api/storage.ts';

export type Theme = 'system' | 'light' | 'dark';

const slot = 'posthorn.theme';

export function readTheme(): Theme {
  const stored = lastingStorage.get(slot);
  return stored === 'light' || stored === 'dark' ? stored : 'system';
}

export function applyTheme(theme: Theme): void {
  if (theme === 'system') {
    lastingStorage.remove(slot);
    delete document.documentElement.dataset.theme;
  } else {
    lastingStorage.set(slot, theme);
    document.documentElement.dataset.theme = theme;
  }
  // charts draw their colours themselves
  dispatchEvent(new Event('themechange'));
}
