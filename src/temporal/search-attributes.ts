// The search attributes that a namespace lacks. Workflows are started without them, so deliveries go on; they only cannot
// be searched by the missing ones in Temporal.
import { setTimeout as delay } from 'node:timers/promises';
import type { SearchAttributePair } from '@temporalio/common';
import { searchAttributes } from '#contract/workflow-contract';

/** A refused attribute is tried again after this time, because it may have been registered. */
const refusedForMs = 10_000;
/** At the start, a refused attribute may be just about to be registered. */
const firstCheckMs = 3_000;

const names = searchAttributes.map(({ name }) => name);

export class AttributesOfNamespace {
  #missing: string[] = [];
  readonly #refused = new Map<string, number>();
  readonly #checked = Promise.withResolvers<void>();

  /** Those of these pairs that the namespace has, as far as is known. */
  present(pairs: SearchAttributePair[] | undefined): SearchAttributePair[] {
    return (pairs ?? []).filter(({ key: { name } }) => !this.#missing.includes(name) && !this.#isRefused(name));
  }

  /** What a check found. Returns whether it is another answer than the last. */
  found(missing: string[]): boolean {
    const isNews = missing.join() !== this.#missing.join();
    this.#missing = missing;
    this.checkEnded();
    return isNews;
  }

  /** The first check has ended, whether it found something out or not. */
  checkEnded(): void {
    this.#checked.resolve();
  }

  /**
   * Temporal refused a start with these words. True: it lacks one of our attributes; start again, without what is missing
   * by now.
   */
  async learn(words: string): Promise<boolean> {
    const refused = names.filter((name) => words.includes(name) && !this.#isRefused(name) && !this.#missing.includes(name));
    if (refused.length === 0) return false;
    const isUnchecked = await Promise.race([this.#checked.promise.then(() => false), delay(firstCheckMs, true, { ref: false })]);
    if (isUnchecked) this.checkEnded();
    for (const name of refused) this.#refused.set(name, performance.now() + refusedForMs);
    return true;
  }

  #isRefused(name: string): boolean {
    return (this.#refused.get(name) ?? 0) > performance.now();
  }
}
