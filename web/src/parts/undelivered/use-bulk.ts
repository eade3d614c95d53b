// One order for each of many things, a few at a time, with progress; what was refused is told apart.
import { PosthornProblem } from '@posthorn/client';
import { useCallback, useState } from 'react';

const atOnce = 4;

export interface Bulk {
  /** How many are done with, and of how many; null: nothing is under way. */
  progress: { done: number; of: number } | null;
  /** Resolves when all are done with. Never rejects. */
  run(ids: readonly string[], order: (id: string) => Promise<unknown>): Promise<BulkResult>;
}

export interface BulkResult {
  done: string[];
  /** With the reason in the words of the API. */
  refused: { id: string; reason: string }[];
}

export function useBulk(): Bulk {
  const [progress, setProgress] = useState<Bulk['progress']>(null);
  const run = useCallback(async (ids: readonly string[], order: (id: string) => Promise<unknown>) => {
    const result: BulkResult = { done: [], refused: [] };
    const left = [...ids];
    setProgress({ done: 0, of: ids.length });
    const work = async () => {
      for (let id = left.shift(); id !== undefined; id = left.shift()) {
        const reason = await order(id).then(() => null, reasonOf);
        if (reason === null) result.done.push(id);
        else result.refused.push({ id, reason });
        setProgress({ done: result.done.length + result.refused.length, of: ids.length });
      }
    };
    await Promise.all(Array.from({ length: atOnce }, work));
    setProgress(null);
    return result;
  }, []);
  return { progress, run };
}

const reasonOf = (error: unknown) => (error instanceof PosthornProblem ? error.detail : 'No connection to Posthorn.');
