// How long what was read stays fresh, and what happens when Posthorn does not answer.
import { PosthornConnectionError, PosthornProblem } from '@posthorn/client';
import { QueryClient } from '@tanstack/react-query';
import { connection, metBy } from './connection.ts';

export function createQueries(): QueryClient {
  const queries = new QueryClient({
    defaultOptions: {
      // the bar over the page says that Posthorn is away, and what failed is read again as soon as it is back
      queries: { staleTime: 5_000, retry: isLate, retryDelay: againAfterMs, networkMode: 'always' },
      mutations: { retry: false, networkMode: 'always' },
    },
  });
  connection.onRecovery(() => void queries.invalidateQueries());
  return queries;
}

/** Whether another try can help. */
export const isPassing = (error: unknown): boolean => !(error instanceof PosthornProblem) || error.status >= 500;

const mostTries = 4;

/**
 * Whether a read should be tried again by itself although Posthorn answers: it was asked while Posthorn was away, and its failure
 * came to an end only when another answer had told that Posthorn is back.
 */
export function isLate(failures: number, error: unknown): boolean {
  return connection.get() === 'ok' && isUnreached(error) && failures < mostTries - 1;
}

export const againAfterMs = (failures: number): number => 1_000 * 2 ** failures;

function isUnreached(error: unknown): boolean {
  if (error instanceof PosthornProblem) return metBy(error.status) !== 'ok';
  return error instanceof PosthornConnectionError && error.cause instanceof TypeError;
}
