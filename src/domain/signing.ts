// How requests to an endpoint are signed.
import { z } from 'zod';

export const signing = z
  .strictObject({ schemes: z.array(z.enum(['v1', 'v1a'])).min(1) })
  .describe('how requests are signed; Standard Webhooks v1 by default');
export type Signing = z.infer<typeof signing>;
