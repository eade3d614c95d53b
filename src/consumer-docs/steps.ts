// How a consumer verifies a request, step by step: by Standard Webhooks where the endpoint signs so, else by its other scheme.
import type { CustomSigning, MessageSignatures, Signing } from '#domain/endpoints/signing';

export const stepCodes = [
  'raw_body',
  'needed_headers',
  'recent_timestamp',
  'hmac',
  'compare_v1',
  'verify_v1a',
  'custom_header',
  'custom_timestamp',
  'custom_hmac',
  'compare_custom',
  'unsigned_id',
  'content_digest',
  'message_signature',
  'covered_components',
  'recent_created',
  'once',
] as const;

/** `facts`: what the text says beside the code; an empty one is left out of it. */
export interface Step {
  code: (typeof stepCodes)[number];
  facts: Record<string, string>;
  text: string;
}

const step = (code: Step['code'], text: string, facts: Step['facts'] = {}): Step => ({ code, facts, text });

const readRaw = step('raw_body', 'Read the raw body, before anything parses it.');
const headers = step(
  'needed_headers',
  'Refuse a request without `webhook-id`, `webhook-timestamp` and `webhook-signature`, an id with a dot, and a timestamp that is not digits.',
);
const recent = step('recent_timestamp', 'Refuse a timestamp that differs from your clock by more than 5 minutes.');
const once = step('once', 'Drop a `webhook-id` that you have processed. Answer 2xx, then work.');
const publicKey = 'one of the public keys of your tenant: read them from the address above, never from a request';

/** Whether the code samples verify what this endpoint gets. */
export const signsWithSecret = (signing: Signing | null): boolean => signing === null || signing.schemes.includes('v1');

export function stepsOf(signing: Signing | null): Step[] {
  if (signing === null || signing.schemes.includes('v1'))
    return [
      readRaw,
      headers,
      recent,
      step('hmac', 'Compute HMAC-SHA256 over `{id}.{timestamp}.{body}`. The key is your secret without `whsec_`, decoded from base64.'),
      step('compare_v1', 'Compare `v1,` and the base64 of the result with each signature, in constant time.'),
      once,
    ];
  if (signing.schemes.includes('v1a'))
    return [
      readRaw,
      headers,
      recent,
      step(
        'verify_v1a',
        `Verify the ed25519 signature after \`v1a,\`, decoded from base64, over \`{id}.{timestamp}.{body}\`. The key is ${publicKey}.`,
      ),
      once,
    ];
  if (signing.custom) return customSteps(signing.custom);
  return signing.messageSignatures ? messageSteps(signing.messageSignatures) : [];
}

const keys = {
  text: 'all of the text of your secret',
  hex: 'your secret, decoded from hex',
  base64: 'your secret without `whsec_`, decoded from base64',
};

const unsignedId = step('unsigned_id', 'The id is not signed: somebody who has seen a request can send it again with another one.');

function customSteps({ header, algorithm, encoding, signed, secretAs, prefix = '', lead = '', separator = '' }: CustomSigning): Step[] {
  const value = `the ${encoding} of the result${prefix === '' ? '' : `, after \`${prefix}\``}`;
  const start = lead === '' ? '' : ` Its value begins with \`${lead}\`, filled in, and \`${separator}\`.`;
  const hash = algorithm.toUpperCase();
  return [
    readRaw,
    step('custom_header', `Refuse a request without \`${header}\`.${start}`, { header, lead, separator }),
    ...(signed.includes('{timestamp}')
      ? [step('custom_timestamp', 'Take `{timestamp}` from `webhook-timestamp`, and refuse it if it is not digits.'), recent]
      : []),
    step('custom_hmac', `Compute HMAC-${hash} over \`${signed}\`. The key is ${keys[secretAs]}.`, { hash, signed, secretAs }),
    step(
      'compare_custom',
      separator === ''
        ? `Compare ${value} with \`${header}\`, in constant time.`
        : `Compare ${value} with each signature in \`${header}\`, separated by \`${separator}\`, in constant time.`,
      { encoding, prefix, header, separator },
    ),
    ...(signed.includes('{id}') ? [] : [unsignedId]),
    once,
  ];
}

function messageSteps({ algorithm, components }: MessageSignatures): Step[] {
  const key = algorithm === 'ed25519' ? publicKey : 'your secret, in bytes';
  const signsId = components === undefined || components.includes('webhook-id');
  return [
    readRaw,
    step('content_digest', 'Compare `content-digest` with the SHA-256 of the body.'),
    step('message_signature', `Verify the HTTP Message Signature (RFC 9421, \`${algorithm}\`) with a library. The key is ${key}.`, {
      algorithm,
    }),
    step(
      'covered_components',
      'Refuse a signature that does not cover `@method`, `@target-uri` and `content-digest`. `@target-uri` is your own public URL, from your configuration.',
    ),
    step('recent_created', 'Refuse a `created` that differs from your clock by more than 5 minutes.'),
    ...(signsId ? [] : [unsignedId]),
    once,
  ];
}
