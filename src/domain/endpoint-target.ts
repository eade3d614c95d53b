// Where an endpoint is and what opens it. All of it is secret: it is kept sealed, and header values and credentials are never shown again.
import { z } from 'zod';

/** What is shown in place of a secret; given back in a change, the secret stays. */
export const hidden = '***';

export const auth = z
  .discriminatedUnion('type', [
    z.strictObject({ type: z.literal('bearer'), token: z.string() }),
    z.strictObject({ type: z.literal('basic'), username: z.string(), password: z.string() }),
  ])
  .describe('how Posthorn proves to the endpoint who it is');
export type EndpointAuth = z.infer<typeof auth>;

export interface EndpointTarget {
  url: string;
  headers: Record<string, string>;
  auth: EndpointAuth | null;
}

export function hideValues(headers: Record<string, string>): Record<string, string> {
  return Object.fromEntries(Object.keys(headers).map((name) => [name, hidden]));
}

/** `given`, in which a hidden value stands for the one that `before` has under that name. */
export function keepHidden(given: Record<string, string>, before: Record<string, string>): Record<string, string> {
  return Object.fromEntries(Object.entries(given).map(([name, value]) => [name, value === hidden ? (before[name] ?? value) : value]));
}
