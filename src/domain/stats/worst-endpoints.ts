// The endpoints that need attention, as the API shows them.
import { z } from 'zod';
import { gates } from '../endpoints/endpoint.ts';
import { tenantKey } from '../endpoints/tenant.ts';
import { statsView } from './stats.ts';

export const worstBy = z.enum(['failed', 'held']);
export type WorstBy = z.infer<typeof worstBy>;

const { accepted, delivered, failed, successRate, latencyMs, held, deadLettered, oldestWaitingMs } = statsView.shape.totals.shape;

export const worstEndpoint = z.object({
  endpoint: z.string().describe('id of the endpoint'),
  tenant: tenantKey,
  url: z.string(),
  description: z.string(),
  gate: z.enum(gates).describe('as in the endpoint: open, held or disabled'),
  accepted,
  delivered,
  failed,
  successRate,
  latencyMs,
  held,
  deadLettered,
  oldestWaitingMs,
});
export type WorstEndpoint = z.infer<typeof worstEndpoint>;
