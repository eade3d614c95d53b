// Slots limit the requests in flight of this process: in all, per tenant, per endpoint. So a slow
// endpoint cannot hold up the others. Taken before a request, given back when it has ended.

export interface SlotLimits {
  process: number;
  tenant: number;
  endpoint: number;
}

export interface Slots {
  /**
   * Takes a slot. Returns a function that gives it back (once, however often it is called), or the limit that is
   * reached. `endpointLimit` lowers the limit of this endpoint.
   *
   * @example
   * const giveBack = slots.take(tenantId, endpointId, null);
   * if (typeof giveBack !== 'function') return backOff(giveBack);
   */
  take(tenantId: string, endpointId: string, endpointLimit: number | null): (() => void) | keyof SlotLimits;
  /** The number of slots of an endpoint, if its tenant and the process leave them free. */
  ofEndpoint(endpointLimit: number | null): number;
  inUse(): number;
}

export function createSlots(limits: SlotLimits): Slots {
  const taken = new Map<string, number>();
  const count = (key: string) => taken.get(key) ?? 0;
  const add = (key: string, by: number) => (count(key) + by === 0 ? taken.delete(key) : taken.set(key, count(key) + by));

  const ofEndpoint = (endpointLimit: number | null) => Math.min(limits.endpoint, endpointLimit ?? limits.endpoint);

  return {
    ofEndpoint,
    inUse: () => count(''),
    take(tenantId, endpointId, endpointLimit) {
      if (count('') >= limits.process) return 'process';
      // before the tenant: a full endpoint can use a lane, even when its tenant is full too
      if (count(endpointId) >= ofEndpoint(endpointLimit)) return 'endpoint';
      if (count(tenantId) >= limits.tenant) return 'tenant';
      const keys = ['', tenantId, endpointId];
      for (const key of keys) add(key, 1);
      return () => {
        for (const key of keys.splice(0)) add(key, -1);
      };
    },
  };
}
