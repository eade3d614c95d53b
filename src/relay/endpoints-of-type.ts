// Finds the endpoints of a tenant that take a type of event. A tenant may have thousands, and each event asks, so the
// answers are kept with the endpoints as they were read.
import { takesType } from '#domain/events/subscription';
import type { CachedEndpoints } from './endpoint-cache.ts';

/** Fewer are looked through each time. */
const many = 32;
const maxTypes = 1_000;

export class EndpointsOfType<E extends { eventTypes: readonly string[] }> {
  readonly #byType = new WeakMap<CachedEndpoints<E>, Map<string, readonly E[]>>();

  /** Those that take events of this type, on some channel. Null: the tenant has too many to plan from memory. */
  get(tenant: CachedEndpoints<E>, type: string): Iterable<E> | null {
    const { endpoints } = tenant;
    if (endpoints === null) return null;
    if (endpoints.size < many) return endpoints.values();
    const known = this.#byType.get(tenant) ?? new Map<string, readonly E[]>();
    this.#byType.set(tenant, known);
    const found = known.get(type) ?? [...endpoints.values()].filter((endpoint) => takesType(endpoint, type));
    if (known.size < maxTypes) known.set(type, found);
    return found;
  }
}
