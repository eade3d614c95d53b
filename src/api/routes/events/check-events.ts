// Checks posted events against the catalogue before they are stored. An event that was accepted before is not refused: its
// producer repeats the request because it missed the answer, and the schema may have changed since.

import type { EventToAccept } from '#db/events/acceptance';
import { readAccepted } from '#db/events/earlier-events';
import type { Finding } from '#domain/catalogue/known-event';
import type { NewEvent } from '#domain/events/event';
import { type FieldError, invalid } from '../../http/problem.ts';
import type { ApiDeps } from '../deps.ts';

export interface CheckableEvent {
  event: NewEvent;
  toAccept: EventToAccept;
}

export interface Checked {
  toAccept: EventToAccept;
  /** Absent: there are none. */
  warnings?: FieldError[];
}

type Deps = Pick<ApiDeps, 'catalogue' | 'contents' | 'db'>;

/** `prefixOf`: what stands before the path of a field of the event with this number. Throws a 422 with at most 100 errors. */
export async function checkEvents(
  { catalogue, contents, db }: Deps,
  tenant: string,
  events: readonly CheckableEvent[],
  prefixOf: (index: number) => string,
): Promise<Checked[]> {
  const checked = await catalogue.check(events.map(({ event }) => event));
  const refused = events.flatMap(({ event, toAccept }, index) =>
    checked[index]?.problems.length ? [{ index, toAccept, mayBeKnown: event.id !== undefined }] : [],
  );
  if (refused.length > 0) {
    const candidates = refused.filter(({ mayBeKnown }) => mayBeKnown).map(({ toAccept }) => toAccept);
    const accepted = await readAccepted(db, tenant, candidates, contents);
    const errors = refused
      .filter(({ toAccept }) => !accepted.has(toAccept.externalId))
      .flatMap(({ index }) => (checked[index]?.problems ?? []).map((problem) => errorOf(problem, prefixOf(index))));
    if (errors.length > 0) throw invalid(errors.slice(0, 100));
  }
  return events.map(({ toAccept }, index) => {
    const { warnings = [], version = null } = checked[index] ?? {};
    const known = version === null || version === toAccept.version ? toAccept : { ...toAccept, version };
    return { toAccept: known, ...(warnings.length > 0 && { warnings: warnings.map((warning) => errorOf(warning, prefixOf(index))) }) };
  });
}

function errorOf({ path, message, schema }: Finding, prefix: string): FieldError {
  return { path: `${prefix}${path}`, message, ...(schema !== undefined && { schema }) };
}
