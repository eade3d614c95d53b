// Whether an endpoint has shown that it wants what it is sent: asked before its first delivery, when it, or the operator, wishes so.
import { z } from 'zod';

export const verificationMethods = ['none', 'echo', 'cloudevents'] as const;
export const verification = z
  .enum(verificationMethods)
  .describe(
    'how it is asked whether it wants to be sent to, before the first delivery and after a change of its URL. echo: a POST with a nonce that it answers with; cloudevents: OPTIONS, as CloudEvents` webhooks say',
  );
export type VerificationMethod = z.infer<typeof verification>;

export const verificationStates = ['none', 'pending', 'verified', 'failed'] as const;
export type VerificationState = (typeof verificationStates)[number];

export const shownVerification = z
  .object({
    method: z.enum(verificationMethods),
    state: z
      .enum(verificationStates)
      .describe('pending or failed: deliveries are held; failed: it is not asked any more, until POST …/verify'),
    verifiedAt: z.iso.datetime().nullable(),
    lastError: z.string().nullable().describe('why the last try did not pass'),
  })
  .describe('whether the endpoint agreed to be sent to');

/** The reason of a gate that is closed until the endpoint has agreed. */
export const unverified = 'unverified';

/** What an answer to the echo challenge says: the text itself, or `challenge` of a JSON object. */
export function echoedIn(body: string): string {
  const text = body.trim();
  if (!text.startsWith('{')) return text.replace(/^"(.*)"$/, '$1');
  try {
    const said: unknown = JSON.parse(text);
    return typeof said === 'object' && said !== null && 'challenge' in said ? String(said.challenge) : '';
  } catch {
    return '';
  }
}

/** Agreement by CloudEvents' "HTTP 1.1 Web Hooks", 4.2: `WebHook-Allowed-Origin` names us, or everybody. */
export function allowsOrigin(allowed: string | undefined, origin: string): boolean {
  const said = allowed?.trim().toLowerCase();
  return said === '*' || said === origin.toLowerCase();
}

/** A lane keeps no lower rate (6 a minute), and none higher is a bound. */
export const keptPerSecond = { least: 0.1, most: 10_000 };

/** Requests a minute that `WebHook-Allowed-Rate` grants; null: it sets no bound, or says nothing that can be understood. */
export function allowedRate(allowed: string | undefined): number | null {
  const said = allowed?.trim() ?? '';
  return /^[1-9]\d{0,8}$/.test(said) ? Number(said) : null;
}
