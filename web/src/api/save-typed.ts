// Saves what was typed over something that others may change meanwhile, so that no change of theirs is lost unseen. What is
// replaced is read right before, and the API refuses the change (412) if it has become something else in between.
import { PosthornProblem } from '@posthorn/client';
import { readNow } from './read-now.ts';

interface Tagged {
  etag: string;
}

export interface Saving<Stored extends Tagged, Saved> {
  read: () => Promise<Stored>;
  /** Whether the form has to show first what somebody else has stored. */
  isOvertakenBy: (now: Stored) => boolean;
  /**
   * The form, if it replaces something that nobody can see (`***`). Then the settings must be those over which it was filled in. If
   * they are not, the problem says so, and the next save replaces them.
   */
  overHidden?: { basis: Tagged; accept: () => void } | undefined;
  /** Sends what was typed, over what is stored `now`. */
  save: (now: Stored, options: { ifMatch: Tagged }) => Promise<Saved>;
}

/** Others save all the time, it seems. */
const mostTries = 5;

/** Null: nothing was saved, and what somebody else has changed meanwhile has been read. */
export async function saveTyped<Stored extends Tagged, Saved>(saving: Saving<Stored, Saved>): Promise<Saved | null> {
  const { read, isOvertakenBy, overHidden, save } = saving;
  for (let tries = 1; ; tries++) {
    const now = await readNow(read);
    if (isOvertakenBy(now)) return null;
    try {
      return await save(now, { ifMatch: overHidden?.basis ?? now });
    } catch (error) {
      const isOvertaken = error instanceof PosthornProblem && error.status === 412;
      if (isOvertaken) overHidden?.accept();
      if (!isOvertaken || overHidden || tries === mostTries) throw error;
    }
  }
}

/** Whether one of these settings has a part that is not shown. */
export function hasHidden<Stored extends object>(stored: Stored, settings: readonly PropertyKey[]): boolean {
  return settings.some((name) => JSON.stringify(stored[name as keyof Stored])?.includes('***') ?? false);
}
