// How long what was read stays fresh, and what happens when Posthorn does not answer.
import { PosthornProblem } from '@posthorn/client';
import { QueryClient } from '@tanstack/react-query';
import { connection } from './connection.ts';

export function createQueries(): QueryClient {
  const queries = new QueryClient({
    defaultOptions: {
      // the bar over the page says that Posthorn is away, and what failed is read again as soon as it is back
      queries: { staleTime: 5_000, retry: false, networkMode: 'always' },
      mutations: { retry: false, networkMode: 'always' },
    },
  });
  connection.onRecovery(() => void queries.invalidateQueries());
  return queries;
}

/** Whether another try can help. */
export const isPassing = (error: unknown): boolean => !(error instanceof PosthornProblem) || error.status >= 500;
