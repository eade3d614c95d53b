// What somebody ordered and was not sent, because another person has signed in meanwhile: the page says so until it was read.
import type { Holder } from './credential.ts';

let by: Holder | null = null;
const listeners = new Set<() => void>();

export const notSent = {
  /** Who ordered it; null: nothing was given up. */
  by: (): Holder | null => by,
  subscribe(listener: () => void): () => void {
    listeners.add(listener);
    return () => listeners.delete(listener);
  },
  become(next: Holder | null): void {
    by = next;
    for (const listener of listeners) listener();
  },
};
