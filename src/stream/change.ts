// What the live stream passes on, and where it comes from.
import type { ChangesQuery } from '#db/store/changes-query';
import type { StreamKind } from '#domain/views/stream-view';

export interface Change {
  kind: StreamKind;
  id: string;
  /** Microseconds since 1970, on the clock of PostgreSQL: the start of the transaction that stored it. */
  atUs: number;
  /** Null: about the installation, which no tenant sees. */
  tenantId: string | null;
  endpointId: string | null;
  /** Only admin keys of all tenants see it. */
  isForOperator: boolean;
  /** The event of the stream. */
  text: string;
}

export interface ChangeSource {
  kind: StreamKind;
  /** The oldest first, at most `limit`. */
  read(query: ChangesQuery): Promise<Change[]>;
}
