// The last conformance report of an endpoint, and the run that makes the next one.
import type { ConformanceReport } from '@posthorn/client';
import { PosthornProblem } from '@posthorn/client';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { posthorn } from '../../api/client.ts';

/** A run ends within a minute. */
const longestMs = 90_000;

/** `run` takes an event type that the receiver knows; '' stands for the first one that the endpoint subscribes to. */
export function useConformance(endpoint: string, onReport?: (report: ConformanceReport) => void) {
  const queryKey = ['conformance', endpoint];
  const queries = useQueryClient();
  const last = useQuery({ queryKey, queryFn: ({ signal }) => lastReport(endpoint, signal) });
  const run = useMutation({
    mutationFn: (eventType: string) =>
      posthorn.endpoints.checkConformance(endpoint, eventType === '' ? {} : { eventType }, { timeoutMs: longestMs }),
    onSuccess(report) {
      queries.setQueryData(queryKey, report);
      onReport?.(report);
    },
  });
  return { last, run };
}

/** Null: there is none yet. */
async function lastReport(endpoint: string, signal: AbortSignal): Promise<ConformanceReport | null> {
  try {
    return await posthorn.endpoints.conformance(endpoint, { signal });
  } catch (error) {
    if (error instanceof PosthornProblem && error.status === 404) return null;
    throw error;
  }
}
