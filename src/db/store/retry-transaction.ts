// A statement or transaction that lost a race (deadlock, serialisation) was undone whole: it runs again.
import { isLostRace } from './errors.ts';

const tries = 5;

/** Runs until it did not lose a race, 6 times at most; any other error comes back at once. */
export async function retryTransaction<T>(run: () => Promise<T>): Promise<T> {
  for (let left = tries; ; left--) {
    try {
      return await run();
    } catch (error) {
      if (left === 0 || !isLostRace(error)) throw error;
    }
  }
}
