// Finds the endpoints of a tenant that take a type of event. A tenant may have thousands, and each event asks, so answers
// are kept with the endpoints as they were read.
import { takesType } from '#domain/events/subscription';
import type { CachedEndpoints } from './endpoint-cache.ts';

/** Fewer are looked through each time. */
const many = 32;
const maxTypes = 1_000;
/** The answers of a tenant hold as many endpoints as this times its number of endpoints, all types together. */
const maxHeld = 4;

interface Answers<E> {
  byType: Map<string, readonly E[]>;
  held: number;
}

export class EndpointsOfType<E extends { eventTypes: readonly string[] }> {
  readonly #answers = new WeakMap<CachedEndpoints<E>, Answers<E>>();

  /** Those that take events of this type, on some channel. Null: the tenant has too many to plan from memory. */
  get(tenant: CachedEndpoints<E>, type: string): Iterable<E> | null {
    const { endpoints } = tenant;
    if (endpoints === null) return null;
    if (endpoints.size < many) return endpoints.values();
    const answers = this.#answers.get(tenant) ?? { byType: new Map(), held: 0 };
    this.#answers.set(tenant, answers);
    const known = answers.byType.get(type);
    if (known) return known;
    const found = [...endpoints.values()].filter((endpoint) => takesType(endpoint, type));
    if (answers.byType.size < maxTypes && answers.held + found.length <= maxHeld * endpoints.size) {
      answers.byType.set(type, found);
      answers.held += found.length;
    }
    return found;
  }
}
