// Tools that change something. The server has them only when it was started with --write.
import { z } from 'zod';
import { inPath } from '#client';
import { delivery, endpoint, reason, type Tool, tenant, tool } from './tool.ts';

const ofDelivery = z.strictObject({ delivery, reason: reason.optional() });

const selection = {
  tenant: tenant.optional(),
  endpoint: endpoint.optional(),
  status: z
    .array(z.enum(['dead_lettered', 'succeeded']))
    .optional()
    .describe('any of these; dead_lettered by default'),
  types: z.array(z.string()).optional().describe('event types, or prefixes such as order.*'),
  since: z.string().describe('events from this time on: ISO 8601'),
  until: z.string().optional().describe('events before this time: ISO 8601; now by default'),
};

export const writeTools: Tool[] = [
  tool({
    name: 'replay_delivery',
    title: 'Replay a delivery',
    description: 'Sends a dead letter, or a delivery that had succeeded, again. The receiver sees the same webhook-id.',
    effect: 'sends',
    input: ofDelivery,
    run: (api, input) => api.post(`/v1/deliveries/${inPath(input.delivery)}/replay`, { reason: input.reason }),
  }),
  tool({
    name: 'retry_delivery_now',
    title: 'Retry a delivery now',
    description: 'Makes the next attempt of a delivery that is retrying or held at once, in place of at its time.',
    effect: 'sends',
    input: ofDelivery,
    run: (api, input) => api.post(`/v1/deliveries/${inPath(input.delivery)}/retry-now`, { reason: input.reason }),
  }),
  tool({
    name: 'cancel_delivery',
    title: 'Cancel a delivery',
    description: 'Ends a delivery that has not succeeded: it is not sent any more.',
    effect: 'sends',
    input: ofDelivery,
    run: (api, input) => api.post(`/v1/deliveries/${inPath(input.delivery)}/cancel`, { reason: input.reason }),
  }),
  tool({
    name: 'count_replay',
    title: 'Count what a replay job would send',
    description: 'Counts the deliveries that create_replay with the same arguments would send again. Sends nothing.',
    effect: 'changes',
    input: z.strictObject(selection),
    run: (api, input) => api.post('/v1/replays', { ...input, dryRun: true }),
  }),
  tool({
    name: 'create_replay',
    title: 'Create a replay job',
    description: 'Sends all deliveries of a selection again, at a pace. Count them with count_replay first.',
    effect: 'sends',
    input: z.strictObject({ ...selection, perSecond: z.number().min(0.1).max(1_000).optional().describe('the pace; 100 by default') }),
    run: (api, input) => api.post('/v1/replays', input),
  }),
  tool({
    name: 'pause_endpoint',
    title: 'Pause an endpoint',
    description: 'Holds the deliveries of an endpoint until it is resumed. Nothing is lost.',
    effect: 'changes',
    input: z.strictObject({ endpoint }),
    run: (api, input) => api.post(`/v1/endpoints/${inPath(input.endpoint)}/pause`),
  }),
  tool({
    name: 'resume_endpoint',
    title: 'Resume an endpoint',
    description: 'Sends to a paused or disabled endpoint again, slowly at first.',
    effect: 'sends',
    input: z.strictObject({ endpoint }),
    run: (api, input) => api.post(`/v1/endpoints/${inPath(input.endpoint)}/resume`),
  }),
  tool({
    name: 'acknowledge_alert',
    title: 'Acknowledge an alert',
    description: 'Marks an open alert as seen. It closes when its cause ends.',
    effect: 'changes',
    input: z.strictObject({ alert: z.string().min(1).describe('id of the alert: alr_…') }),
    run: (api, { alert }) => api.post(`/v1/alerts/${inPath(alert)}/acknowledge`),
  }),
  tool({
    name: 'check_endpoint',
    title: 'Check the receiver of an endpoint',
    description:
      'Sends about 30 correct and incorrect test requests to an endpoint, and says for nine cases (bad signature, stale time, duplicate and others) whether the receiver handles them, and what to change. Takes up to a minute.',
    effect: 'sends',
    input: z.strictObject({
      endpoint,
      eventType: z.string().optional().describe('an event type that the receiver knows'),
      data: z.unknown().optional().describe('data of such an event'),
    }),
    run: (api, { endpoint: of, ...body }) => api.post(`/v1/endpoints/${inPath(of)}/conformance`, body),
  }),
];
