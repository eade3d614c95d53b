// When a part of the sweep is run again because it left something: a second later, and not before it has left more.

const againAfterMs = 1_000;

export class DueAgain {
  #at = Number.POSITIVE_INFINITY;

  /** True once, a second after `later`. */
  take(): boolean {
    if (performance.now() < this.#at) return false;
    this.never();
    return true;
  }

  later(): void {
    this.#at = performance.now() + againAfterMs;
  }

  never(): void {
    this.#at = Number.POSITIVE_INFINITY;
  }
}
