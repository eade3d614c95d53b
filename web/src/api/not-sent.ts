// What somebody ordered and was not sent, because another person has signed in meanwhile: the page says so until it was read.
import { credential, type Holder } from './credential.ts';

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

/** Gives up an order of somebody who has left. Nobody waits for its answer any more, so it never ends. */
export function giveUp(asker: Holder): Promise<never> {
  if (credential.get().state !== 'signed_out') notSent.become(asker);
  return nobody();
}

/** Never: the person who asked has left, and the page with them. Nobody else may see the answer. */
export const nobody = () => new Promise<never>(() => undefined);
