// A queue that serves its groups (tenants) in turn, so that one with a thousand items waiting holds up nobody who has one.

export interface FairQueue<T> {
  readonly size: number;
  push(group: string, item: T): void;
  /** The first item of the group whose turn it is. */
  shift(): T | undefined;
  clear(): void;
}

export function createFairQueue<T>(): FairQueue<T> {
  // a Map keeps insertion order: the first group is the next to be served, and goes to the end afterwards
  const groups = new Map<string, T[]>();
  let size = 0;

  return {
    get size() {
      return size;
    },
    push(group, item) {
      const items = groups.get(group);
      if (items) items.push(item);
      else groups.set(group, [item]);
      size++;
    },
    shift() {
      const [next] = groups;
      if (!next) return undefined;
      const [group, items] = next;
      const item = items.shift();
      groups.delete(group);
      if (items.length > 0) groups.set(group, items);
      size--;
      return item;
    },
    clear() {
      groups.clear();
      size = 0;
    },
  };
}
