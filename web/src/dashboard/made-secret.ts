// Makes what has a secret. The secret is kept in the memory of the page until it is said to be stored, whatever was closed or
// opened meanwhile: the API shows it only once. Nobody else who signs in sees it.
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useSyncExternalStore } from 'react';
import { credential } from '../api/credential.ts';

export interface MadeSecret {
  title: string;
  /** What it is, as the button says that copies it: "the key". */
  name: string;
  text: string;
  /** What it is for, and where to keep it. */
  hint: string;
}

let made: readonly MadeSecret[] = [];
let holder = credential.holder();
const listeners = new Set<() => void>();

function become(next: readonly MadeSecret[]): void {
  made = next;
  for (const listener of listeners) listener();
}

credential.subscribe(() => {
  if (credential.holder() === holder) return;
  holder = credential.holder();
  become([]);
});

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

export const keepMadeSecret = (secret: MadeSecret): void => become([...made, secret]);

/** The one that is shown now. */
export const useMadeSecret = (): MadeSecret | undefined => useSyncExternalStore(subscribe, () => made[0]);

export const secretIsStored = (): void => become(made.slice(1));

export interface Making<T> {
  make: () => Promise<T>;
  /** Undefined: it has none. */
  secretOf: (made: T) => MadeSecret | undefined;
  /** The queries that are read again. */
  changes: readonly string[];
  /** Is not called when the form was closed meanwhile. */
  onMade: (made: T) => void;
}

export function useMaking<T>({ make, secretOf, changes, onMade }: Making<T>) {
  const queries = useQueryClient();
  const { mutate, error, isPending, reset } = useMutation({
    mutationFn: make,
    onSuccess(answer) {
      const secret = secretOf(answer);
      if (secret) keepMadeSecret(secret);
      void queries.invalidateQueries({ queryKey: changes });
    },
  });
  const start = () => {
    // Enter in a field sends a form once more
    if (!isPending) mutate(undefined, { onSuccess: onMade });
  };
  return { start, error, isPending, reset };
}
