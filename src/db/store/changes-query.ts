// What the live stream asks for: what changed since a time, oldest change first.

export interface ChangesQuery {
  /** Changes from this time on, in microseconds since 1970, on the clock of PostgreSQL. */
  sinceUs: number;
  /** Leaves out the changes at `sinceUs` of ids up to this one. Null: none. */
  afterId: string | null;
  /** Null: of all tenants. */
  tenantIds: string[] | null;
  endpointId: string | null;
  limit: number;
}
