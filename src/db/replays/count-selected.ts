// Counts what a replay job would replay: for a dry run, and when a job begins.
import type { Opening } from '../events/read-content.ts';
import { scanEvents } from './never-attempted.ts';
import { asksFilters, countDeliveries, countFiltered, type Querying, type Scan, type Selected } from './selection.ts';

export interface Counted {
  matched: number;
  endpoints: number;
  tenants: number;
}

const rowsAtOnce = 2_000;

interface Part {
  tenantId: string;
  endpointId: string;
  matched?: number;
}

/** A day, or a page of events, at a time. `between` is called after each; it may throw to give up. */
export async function countSelected(db: Querying, contents: Opening, selected: Selected, between: () => void): Promise<Counted> {
  const [endpoints, tenants] = [new Set<string>(), new Set<string>()];
  let sum = 0;
  async function count(next: (after: string) => Promise<Scan<Part>>): Promise<void> {
    for (let at = selected.from; at < selected.below; between()) {
      const { found, reached } = await next(at);
      for (const { tenantId, endpointId, matched = 1 } of found) {
        sum += matched;
        endpoints.add(endpointId);
        tenants.add(tenantId);
      }
      at = reached;
    }
  }
  await count((after) => countDeliveries(db, selected, after));
  if (await asksFilters(db, selected)) await count((after) => countFiltered(db, contents, selected, after, rowsAtOnce));
  if (selected.neverAttempted) await count((after) => scanEvents(db, contents, selected, after, rowsAtOnce));
  return { matched: sum, endpoints: endpoints.size, tenants: tenants.size };
}
