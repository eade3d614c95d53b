// Erases all events about one subject, page by page. Safe to interrupt: an erased event has no
// subject any more, so the next run continues with the rest.

import type { Db } from '../store/pool.ts';
import {
  type Erased,
  type ErasureOrder,
  erasedForGood,
  eraseEvent,
  eventsOfSubject,
  eventsToEraseAgain,
  subjectErased,
  unfinishedErasures,
} from './erasure.ts';

const page = 100;
const atOnce = 4;

export interface SubjectErasure {
  /** Events erased by this call. */
  erased: number;
  /** True: nothing is left. */
  complete: boolean;
  /** Endpoints whose lanes held deliveries of these events, or may have been blocked by them. */
  lanes: Set<string>;
}

/** Erases until nothing is left, or until `goOn` returns false, which is called before each page. */
export async function eraseSubject(db: Db, subject: ErasureOrder, goOn: () => boolean): Promise<SubjectErasure> {
  const lanes = new Set<string>();
  for (let erased = 0; ; ) {
    const events = await eventsOfSubject(db, subject, page);
    if (events.length === 0) {
      await subjectErased(db, subject);
      return { erased, complete: true, lanes };
    }
    if (!goOn()) return { erased, complete: false, lanes };
    await eraseAll(db, events, lanes);
    erased += events.length;
  }
}

async function eraseAll(db: Db, events: string[], lanes: Set<string>): Promise<void> {
  for (let at = 0; at < events.length; at += atOnce) {
    const held = await Promise.all(events.slice(at, at + atOnce).map((eventId) => eraseEvent(db, eventId)));
    for (const endpointId of held.flat()) lanes.add(endpointId);
  }
}

/**
 * For upkeep: finishes the erasures requested, and erases again what was written for events after their erasure. Calls
 * `beat` regularly, and `tell` for each lane that may continue. Returns the number of events erased.
 */
export async function finishErasures(db: Db, beat: () => void, tell: (endpointId: string) => Promise<void>): Promise<number> {
  let erased = 0;
  const goOn = () => {
    beat();
    return true;
  };
  for (let subjects = await unfinishedErasures(db, page); subjects.length > 0; subjects = await unfinishedErasures(db, page)) {
    for (const subject of subjects) {
      const done = await eraseSubject(db, subject, goOn);
      erased += done.erased;
      for (const endpointId of done.lanes) await tell(endpointId);
    }
  }
  for (let after: string | null = null; ; ) {
    const events: Erased[] = await eventsToEraseAgain(db, after, page);
    const lanes = new Set<string>();
    await eraseAll(
      db,
      events.map(({ eventId }) => eventId),
      lanes,
    );
    await erasedForGood(
      db,
      events.filter(({ final }) => final).map(({ eventId }) => eventId),
    );
    for (const endpointId of lanes) await tell(endpointId);
    beat();
    after = events.at(-1)?.eventId ?? null;
    if (after === null) break;
  }
  return erased;
}
