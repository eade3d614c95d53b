// Places for requests in flight in this process: so many in all, per tenant and per endpoint, so that one slow customer holds up nobody else.

export interface SlotLimits {
  process: number;
  tenant: number;
  endpoint: number;
}

export interface Slots {
  /** A place, to be given back by calling it; else which cap is reached. `endpointLimit` lowers the cap of this endpoint. */
  take(tenantId: string, endpointId: string, endpointLimit: number | null): (() => void) | keyof SlotLimits;
  /** How many an endpoint has, should nobody else need them. */
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
      // first of the two: what is full itself has a lane to wait in, however many of its tenant are
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
