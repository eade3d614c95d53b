// Whether Posthorn was upgraded under this page: a file of the page is no longer there.

let isSeen = false;
const listeners = new Set<() => void>();

export const upgrade = {
  isSeen: (): boolean => isSeen,
  subscribe(listener: () => void): () => void {
    listeners.add(listener);
    return () => listeners.delete(listener);
  },
  saw(): void {
    isSeen = true;
    for (const listener of listeners) listener();
  },
};
