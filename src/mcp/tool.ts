// A tool of the MCP server: its name, what it is for, its arguments, and the calls of the API that
// it makes.
import { z } from 'zod';
import type { Api } from './api.ts';

export interface Tool {
  name: string;
  title: string;
  /** For the model that chooses a tool: what it does and when to use it. */
  description: string;
  /** What it changes: nothing, something that can be taken back or repeated, or something that cannot. */
  effect: 'reads' | 'changes' | 'sends';
  input: z.ZodObject;
  run(api: Api, input: Record<string, unknown>): Promise<unknown>;
}

interface ToolSpec<I extends z.ZodObject> extends Omit<Tool, 'input' | 'run'> {
  input: I;
  run(api: Api, input: z.output<I>): Promise<unknown>;
}

export function tool<I extends z.ZodObject>(spec: ToolSpec<I>): Tool {
  return spec as unknown as Tool;
}

export const tenant = z.string().min(1).describe('id of the tenant, as the producer gave it');
export const endpoint = z.string().min(1).describe('id of the endpoint: ep_…');
export const delivery = z.string().min(1).describe('id of the delivery: dlv_…');
export const event = z.string().min(1).describe('id of the event, which is the webhook-id of its requests');
export const reason = z.string().min(1).max(1_000).describe('why, for the audit log');
export const page = {
  limit: z.int().min(1).max(100).default(20).describe('the maximum number of items'),
  cursor: z.string().optional().describe('nextCursor of the page before'),
};
export const span = {
  since: z.string().optional().describe('from this time on: ISO 8601'),
  until: z.string().optional().describe('before this time: ISO 8601'),
};
