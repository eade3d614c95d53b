// What somebody ordered and was given up, because another person has signed in meanwhile: the page says so until it was read.
import { credential, type Holder } from './credential.ts';

export interface GivenUp {
  /** Who ordered it. */
  by: Holder;
  /** It was sent before, and Posthorn did not answer: it may have been carried out. */
  wasSent: boolean;
}

let now: GivenUp | null = null;
const listeners = new Set<() => void>();

export const notSent = {
  get: (): GivenUp | null => now,
  subscribe(listener: () => void): () => void {
    listeners.add(listener);
    return () => listeners.delete(listener);
  },
  become(next: GivenUp | null): void {
    now = next;
    for (const listener of listeners) listener();
  },
};

/** Gives up an order of somebody who has left. Nobody waits for its answer any more, so it never ends. */
export function giveUp(by: Holder, wasSent: boolean): Promise<never> {
  if (credential.get().state !== 'signed_out') notSent.become({ by, wasSent: wasSent || now?.wasSent === true });
  return nobody();
}

/** Never: the person who asked has left, and the page with them. Nobody else may see the answer. */
export const nobody = () => new Promise<never>(() => undefined);
