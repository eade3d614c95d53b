// What the page of an event reads, again when one of its deliveries changes.
import type { EventDetails, Explanation } from '@posthorn/client';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { memberTexts } from '../../../../src/domain/events/json-slices.ts';
import { posthorn } from '../../api/client.ts';
import { useChanges } from '../../api/live.ts';
import { useMay } from '../../api/use.ts';
import { nameOfUrl } from '../../parts/attempts/name-of-url.ts';

const readAgainMs = 15_000;
const mostEndpoints = 1_000;

export interface EventInFull extends Omit<EventDetails, 'data'> {
  /** The JSON text as it was posted: parsed numbers would be rounded. */
  dataText: string;
}

export function useEvent(tenant: string, id: string) {
  const queries = useQueryClient();
  const key = ['event', tenant, id];
  useChanges(({ deliveries, isReset }) => {
    const isOf = [...deliveries.values()].some((one) => one.event === id && one.tenant === tenant);
    if (isReset || isOf) void queries.invalidateQueries({ queryKey: key });
  });
  const event = useQuery({ queryKey: key, queryFn: ({ signal }) => readEvent(tenant, id, signal), refetchInterval: readAgainMs });
  const explanations = useQuery({
    queryKey: [...key, 'explanations'],
    queryFn: ({ signal }) => readExplanations(tenant, id, signal),
    refetchInterval: readAgainMs,
  });
  const names = useQuery({
    queryKey: ['endpoints', 'names', tenant],
    queryFn: ({ signal }) => readNames(tenant, signal),
    enabled: useMay('endpoints:read'),
  });
  return { event, explanations, names: names.data ?? unnamed };
}

async function readEvent(tenant: string, id: string, signal: AbortSignal): Promise<EventInFull> {
  const path = `/v1/tenants/${encodeURIComponent(tenant)}/events/${encodeURIComponent(id)}`;
  const text = await (await posthorn.open(path, {}, { signal })).text();
  const { data: _rounded, ...event } = JSON.parse(text) as EventDetails;
  return { ...event, dataText: memberTexts(text).members.get('data') ?? 'null' };
}

const unnamed: ReadonlyMap<string, string> = new Map();

/** The URLs of the endpoints, by id. Deleted ones have none. */
async function readNames(tenant: string, signal: AbortSignal): Promise<ReadonlyMap<string, string>> {
  const names = new Map<string, string>();
  for await (const { id, url } of posthorn.endpoints.list(tenant, { limit: 250 }, { signal })) {
    names.set(id, nameOfUrl(url));
    if (names.size >= mostEndpoints) break;
  }
  return names;
}

async function readExplanations(tenant: string, id: string, signal: AbortSignal): Promise<Explanation[]> {
  const found: Explanation[] = [];
  for await (const one of posthorn.events.explain(tenant, id, undefined, { signal })) {
    found.push(one);
    if (found.length >= mostEndpoints) break;
  }
  return found;
}
