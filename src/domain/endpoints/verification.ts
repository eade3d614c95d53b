// Endpoint verification: whether an endpoint agreed to receive events. Done before its first
// delivery and after a change of its URL, if the endpoint's settings or the operator ask for it.
import { z } from 'zod';

const verificationMethods = ['none', 'echo', 'cloudevents'] as const;
const verificationMethod = z.enum(verificationMethods);
export const verification = verificationMethod.describe(
  'how the endpoint is verified before its first delivery and after a change of its URL. none: not at all; echo: a POST with a nonce that the endpoint must return; cloudevents: OPTIONS, as in the CloudEvents webhook specification',
);
export type VerificationMethod = z.infer<typeof verification>;

const verificationStates = ['none', 'pending', 'verified', 'failed'] as const;
export type VerificationState = (typeof verificationStates)[number];

export const shownVerification = z
  .object({
    method: verificationMethod,
    state: z
      .enum(verificationStates)
      .describe('pending, failed: deliveries are held. failed: Posthorn stopped trying; POST …/verify starts again'),
    verifiedAt: z.iso.datetime().nullable(),
    lastError: z.string().nullable().describe('why the last verification request failed'),
  })
  .describe('verification: whether the endpoint agreed to receive events');

/** Gate reason of an endpoint that is not verified. */
export const unverified = 'unverified';

/** The nonce in a response to the echo challenge: the text itself, or `challenge` of a JSON object. */
export function echoedIn(body: string): string {
  const text = body.trim();
  if (!text.startsWith('{')) return text.replace(/^"(.*)"$/, '$1');
  try {
    const answer: unknown = JSON.parse(text);
    return typeof answer === 'object' && answer !== null && 'challenge' in answer ? String(answer.challenge) : '';
  } catch {
    return '';
  }
}

/** Whether `WebHook-Allowed-Origin` allows our origin or `*` (CloudEvents "HTTP 1.1 Web Hooks", 4.2). */
export function allowsOrigin(allowed: string | undefined, origin: string): boolean {
  const value = allowed?.trim().toLowerCase();
  return value === '*' || value === origin.toLowerCase();
}

/** Requests per second. A lane cannot keep a lower rate (6 a minute); a higher one is no limit. */
export const keptPerSecond = { least: 0.1, most: 10_000 };

/** Requests per minute that `WebHook-Allowed-Rate` allows; null: no limit, or the value is not valid. */
export function allowedRate(allowed: string | undefined): number | null {
  const value = allowed?.trim() ?? '';
  return /^[1-9]\d{0,8}$/.test(value) ? Number(value) : null;
}
