// The event types that an endpoint gets, with their schemas and examples.
import type { EventType } from '@posthorn/client';
import { useQueries } from '@tanstack/react-query';
import { posthorn } from '../api/client.ts';

const mostRead = 5;

/** Schemas and examples of the first of these types. */
export function useEventTypes(names: readonly string[]): EventType[] {
  const results = useQueries({
    queries: names.slice(0, mostRead).map((name) => ({
      queryKey: ['event-type', name],
      staleTime: 60_000,
      queryFn: ({ signal }: { signal: AbortSignal }) => posthorn.eventTypes.get(name, { signal }),
    })),
  });
  return results.flatMap(({ data }) => data ?? []);
}

/** Whether a pattern such as `order.*` names the type. */
export function fits(pattern: string, name: string): boolean {
  return pattern === '*' || pattern === name || (pattern.endsWith('.*') && name.startsWith(pattern.slice(0, -1)));
}
