// An endpoint in the list over all tenants: its settings, its condition and its figures.
import { z } from 'zod';
import { endpoint } from '../endpoints/endpoint.ts';

/** The most serious first: an endpoint has the first that applies. */
export const endpointConditions = ['disabled', 'unverified', 'paused', 'failing', 'blocked', 'retry_after', 'ok'] as const;
export const endpointCondition = z
  .enum(endpointConditions)
  .describe(
    'disabled: it failed for too long, or answered 410 Gone; unverified: it has not agreed to receive events yet; paused: by a person; failing: it accepts nothing: its circuit is open, so that only probes are sent, or the alert endpoint.failing is open; blocked: a dead letter blocks its order; retry_after: it asked for a wait; ok: none of these',
  );
export type EndpointCondition = (typeof endpointConditions)[number];

export const endpointFigures = z
  .object({
    delivered: z.int().describe('attempts of the last 24 hours that the endpoint accepted'),
    failed: z.int().describe('all other attempts of the last 24 hours'),
    successRate: z.number().min(0).max(1).nullable().describe('delivered / (delivered + failed); null: there were no attempts'),
    held: z.int().describe('deliveries in its lane now'),
    deadLettered: z.int().describe('dead letters now'),
    oldestWaitingMs: z.int().nullable().describe('age of the oldest event that is not delivered yet; null: none waits'),
  })
  .describe('as `GET …/stats`; at most some 10 seconds old');
export type EndpointFigures = z.infer<typeof endpointFigures>;

export const endpointSummary = endpoint.extend({
  condition: endpointCondition,
  figures: endpointFigures.nullable().describe('null: the caller lacks the scope deliveries:read'),
});
export type EndpointSummary = z.infer<typeof endpointSummary>;
