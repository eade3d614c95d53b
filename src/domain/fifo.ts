// First in, first out, in constant time however long it is. The shift of an array moves all of it once it is large, and the first entry of a Map or
// Set is searched for behind those deleted before it.

interface Link<T> {
  item: T;
  next: Link<T> | undefined;
}

/** A class, because there is one for each endpoint that something waits for. */
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

  /** Takes the first. */
  shift(): T | undefined {
    if (!this.#first) return undefined;
    const { item, next } = this.#first;
    this.#first = next;
    if (!next) this.#last = undefined;
    this.#size--;
    return item;
  }
}
