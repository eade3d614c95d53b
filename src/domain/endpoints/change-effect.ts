// The effect of one changed setting of an endpoint, and what it is told from.
import { z } from 'zod';
import type { RetryPolicy } from '../deliveries/retry-schedule.ts';
import type { Endpoint, endpointChange } from './endpoint.ts';

export type EndpointChange = z.output<typeof endpointChange>;
export type Setting = keyof EndpointChange;

export const changeEffect = z.object({
  path: z.string().describe('the changed setting, such as `rateLimit`'),
  effect: z.string().describe('what the change does, in a sentence or two'),
  caution: z.boolean().describe('true: deliveries may be refused, held, lost or late because of it'),
});
export type ChangeEffect = z.infer<typeof changeEffect>;

export interface EffectFacts {
  /** Deliveries that are held in the lane. `heldIsMore`: there are more than that. */
  held: number;
  heldIsMore: boolean;
  /** Its circuit is open, or it asked for a wait. */
  isFailing: boolean;
  /** Deliveries that were created for it in the busiest minute of the last 24 hours. */
  busiestMinute: number;
  /** Durations of its requests in the last 24 hours; null: there were none. */
  p50Ms: number | null;
  p99Ms: number | null;
  /** Of endpoints that have no own retry policy. */
  defaultRetry: RetryPolicy;
}

/** A sentence, or one with a caution. */
export type Told = string | { caution: string };

/** `after`: the setting as it would be; null: the default, or none. */
export type Tell<S extends Setting> = (
  after: Endpoint[S & keyof Endpoint] | null,
  before: Endpoint,
  facts: EffectFacts,
  change: EndpointChange,
) => Told;
