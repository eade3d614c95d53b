// Queue that serves its groups (tenants) round-robin, so that a group with a thousand items does
// not delay a group with one item.
import { Fifo } from './fifo.ts';

export interface FairQueue<T> {
  readonly size: number;
  push(group: string, item: T): void;
  /** Removes and returns the first item of the next group; undefined: the queue is empty. */
  shift(): T | undefined;
  clear(): void;
}

export function createFairQueue<T>(): FairQueue<T> {
  const groups = new Map<string, Fifo<T>>();
  let turns = new Fifo<{ group: string; items: Fifo<T> }>();
  let size = 0;

  return {
    get size() {
      return size;
    },
    push(group, item) {
      let items = groups.get(group);
      if (!items) {
        items = new Fifo();
        groups.set(group, items);
        turns.push({ group, items });
      }
      items.push(item);
      size++;
    },
    shift() {
      const turn = turns.shift();
      if (!turn) return undefined;
      const item = turn.items.shift();
      if (turn.items.size > 0) turns.push(turn);
      else groups.delete(turn.group);
      size--;
      return item;
    },
    clear() {
      groups.clear();
      turns = new Fifo();
      size = 0;
    },
  };
}

/** Removes and returns up to `most` items, round-robin. */
export function takeFrom<T>(queue: FairQueue<T>, most: number): T[] {
  const items: T[] = [];
  for (let left = Math.min(most, queue.size); left > 0; left--) items.push(queue.shift() as T);
  return items;
}
