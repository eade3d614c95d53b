// One attempt in full: with the body that was sent, and whether its signature is right.
import { z } from 'zod';
import { attemptView } from './delivery-view.ts';

const bodyStates = ['exact', 'erased', 'not_known'] as const;
const signatureVerdicts = ['valid', 'rotated', 'no_match', 'not_checked'] as const;

const unchecked = ['no_body', 'no_request', 'other_settings'] as const;

export const attemptDetails = attemptView.extend({
  sentBody: z.object({
    state: z
      .enum(bodyStates)
      .describe(
        'exact: these bytes were sent, as the stored digest proves. erased: the content of the event was erased. not_known: the bytes cannot be made again, or their digest is another one',
      ),
    text: z.string().nullable().describe('the body, at most 1 MiB of text, with the secret of a transform masked; null: see `state`'),
    truncated: z.boolean().describe('true: the body is longer than `text`'),
  }),
  signature: z.object({
    verdict: z
      .enum(signatureVerdicts)
      .describe(
        'what a receiver would say. valid: with the newest secret and the published keys. rotated: only with a secret or key that was replaced since. no_match: with none that the endpoint ever had. not_checked: see `why`',
      ),
    message: z.string().describe('one sentence for people'),
    why: z.enum(unchecked).nullable().describe('not_checked: why; null: otherwise'),
    endsAt: z.iso.datetime().nullable().describe('rotated: when that secret ends or ended; null: otherwise'),
  }),
});
export type AttemptDetails = z.infer<typeof attemptDetails>;

export type SignatureFacts =
  | { verdict: 'valid' | 'no_match' }
  | { verdict: 'rotated'; endsAt: Date | null }
  | { verdict: 'not_checked'; why: (typeof unchecked)[number] };

const whyUnchecked: Record<(typeof unchecked)[number], string> = {
  no_body: 'The signature cannot be checked, because the body of the request is not known any more.',
  no_request: 'The signature cannot be checked, because the request was not stored.',
  other_settings: 'The signature cannot be checked, because the endpoint was signed in another way then.',
};

export function showSignature(facts: SignatureFacts, now: Date): AttemptDetails['signature'] {
  switch (facts.verdict) {
    case 'valid':
      return { verdict: 'valid', message: 'The signature is valid for the secret that is in use now.', why: null, endsAt: null };
    case 'no_match':
      return { verdict: 'no_match', message: 'No secret that the endpoint has or had makes this signature.', why: null, endsAt: null };
    case 'not_checked':
      return { verdict: 'not_checked', message: whyUnchecked[facts.why], why: facts.why, endsAt: null };
    case 'rotated': {
      const endsAt = facts.endsAt?.toISOString() ?? null;
      const until = facts.endsAt === null ? '' : ` and ${facts.endsAt > now ? 'ends' : 'ended'} at ${endsAt}`;
      return { verdict: 'rotated', message: `The signature is valid for a secret that was replaced since${until}.`, why: null, endsAt };
    }
  }
}
