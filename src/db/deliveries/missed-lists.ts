// The lists of missed deliveries as the API uses them. Reading one gives numbers to rows, so this runs outside the read-only
// scope of a tenant's request: the caller has checked that the endpoint is the tenant's.
import type { Audit } from '../audit/audit.ts';
import type { Db } from '../store/pool.ts';
import { ackMissed, listMissed, type MissedDelivery, type MissedQuery } from './missed.ts';
import { type MissedList, numberMissed, readMissedList } from './missed-numbers.ts';

export interface Missed {
  /** The last number given, and the last one acknowledged. */
  state(endpointId: string): Promise<MissedList>;
  /** What follows a number. It includes what was missed up to now. */
  list(query: MissedQuery): Promise<MissedDelivery[]>;
  /** Marks everything up to a number as taken. Returns how many were taken now. */
  ack(endpointId: string, upTo: number, audit: Audit): Promise<number>;
}

export function createMissed(db: Db): Missed {
  return {
    state: (endpointId) => readMissedList(db, endpointId),
    async list(query) {
      await numberMissed(db, query.endpointId);
      return listMissed(db, query);
    },
    ack: (endpointId, upTo, audit) => ackMissed(db, endpointId, upTo, audit),
  };
}
