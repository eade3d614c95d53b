// What is not delivered, by endpoint: how much, since when, and how the last attempts ended.
import { z } from 'zod';
import { missedStatuses } from './missed.ts';

/** The statuses of missed events. */
export const undeliveredStatus = z.enum(missedStatuses);
export type UndeliveredStatus = (typeof missedStatuses)[number];

export const undeliveredEndpoint = z.object({
  endpoint: z.string(),
  tenant: z.string(),
  url: z.string().nullable().describe('null: the endpoint was deleted'),
  description: z.string(),
  count: z.int().describe('how many deliveries'),
  statuses: z.array(z.object({ status: undeliveredStatus, count: z.int() })),
  outcomes: z
    .array(z.object({ outcome: z.string().nullable(), count: z.int() }))
    .describe('outcomes of their last attempts, the most frequent first; null: no attempt in this round'),
  oldestAt: z.iso.datetime().nullable().describe('when the oldest of them was created; null: not looked at'),
  changedAt: z.iso.datetime().nullable().describe('when one of them changed last; null: not looked at'),
});
export type UndeliveredEndpoint = z.infer<typeof undeliveredEndpoint>;

/** Deliveries of an endpoint that have the same status and the same outcome. */
export interface UndeliveredPart {
  endpointId: string;
  status: UndeliveredStatus;
  outcome: string | null;
  count: number;
  oldestAt: Date;
  changedAt: Date;
}

export type UndeliveredSum = Omit<UndeliveredEndpoint, 'tenant' | 'url' | 'description'>;

/** Sums the parts by endpoint, the one with most first. `atLeast`: how many there are, where not all were looked at. */
export function sumUndelivered(
  parts: UndeliveredPart[],
  atLeast: { endpointId: string; status: UndeliveredStatus; count: number }[],
): UndeliveredSum[] {
  const byEndpoint = Map.groupBy(parts, ({ endpointId }) => endpointId);
  const mostOf = Map.groupBy(atLeast, ({ endpointId }) => endpointId);
  const sums = [...new Set([...byEndpoint.keys(), ...mostOf.keys()])].map((endpoint) => {
    const own = byEndpoint.get(endpoint) ?? [];
    const statuses = missedStatuses.flatMap((status) => {
      const counted = total(own.filter((part) => part.status === status));
      const count = Math.max(counted, mostOf.get(endpoint)?.find((one) => one.status === status)?.count ?? 0);
      return count > 0 ? [{ status, count }] : [];
    });
    const outcomes = [...Map.groupBy(own, ({ outcome }) => outcome)]
      .map(([outcome, some]) => ({ outcome, count: total(some) }))
      .sort((a, b) => b.count - a.count);
    const time = (of: (part: UndeliveredPart) => Date, pick: (...times: number[]) => number) =>
      own.length === 0 ? null : new Date(pick(...own.map((part) => of(part).getTime()))).toISOString();
    return {
      ...{ endpoint, count: total(statuses), statuses, outcomes },
      ...{ oldestAt: time(({ oldestAt }) => oldestAt, Math.min), changedAt: time(({ changedAt }) => changedAt, Math.max) },
    };
  });
  return sums.sort((a, b) => b.count - a.count || (a.endpoint < b.endpoint ? 1 : -1));
}

const total = (some: { count: number }[]) => some.reduce((sum, { count }) => sum + count, 0);
