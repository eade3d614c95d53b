// Secrets that were just made, until they are said to be stored. In memory only: they are never in an address or a storage.
import { useSyncExternalStore } from 'react';

const secrets = new Map<string, string>();
const listeners = new Set<() => void>();

function changed(): void {
  for (const listener of listeners) listener();
}

export const freshSecrets = {
  keep(of: string, secret: string): void {
    secrets.set(of, secret);
    changed();
  },
  forget(of: string): void {
    secrets.delete(of);
    changed();
  },
};

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

export const useFreshSecret = (of: string): string | undefined => useSyncExternalStore(subscribe, () => secrets.get(of));

/** Whether one is not said to be stored yet. */
export const useHasFreshSecret = (): boolean => useSyncExternalStore(subscribe, () => secrets.size > 0);
