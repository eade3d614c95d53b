// First-in-first-out queue with constant-time push and shift. A large array moves all its elements
// on shift, and a Map or Set searches for its first entry past the deleted ones.

interface Link<T> {
  item: T;
  next: Link<T> | undefined;
}

/** A class to save memory, because there is one for each endpoint with waiting items. */
export class Fifo<T> {
  #first: Link<T> | undefined;
  #last: Link<T> | undefined;
  #size = 0;

  get size(): number {
    return this.#size;
  }

  get first(): T | undefined {
    return this.#first?.item;
  }

  push(item: T): void {
    const link: Link<T> = { item, next: undefined };
    if (this.#last) this.#last.next = link;
    else this.#first = link;
    this.#last = link;
    this.#size++;
  }

  /** Removes and returns the first item; undefined: the queue is empty. */
  shift(): T | undefined {
    if (!this.#first) return undefined;
    const { item, next } = this.#first;
    this.#first = next;
    if (!next) this.#last = undefined;
    this.#size--;
    return item;
  }
}
