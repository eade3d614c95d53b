// Retries a statement or transaction that lost a race (deadlock, serialisation failure). PostgreSQL
// has rolled it back completely, so it is safe to run it again.
import { isLostRace } from './errors.ts';

const tries = 5;

/** Runs at most 6 times, while `run` loses a race. Any other error is thrown at once. */
export async function retryTransaction<T>(run: () => Promise<T>): Promise<T> {
  for (let left = tries; ; left--) {
    try {
      return await run();
    } catch (error) {
      if (left === 0 || !isLostRace(error)) throw error;
    }
  }
}
