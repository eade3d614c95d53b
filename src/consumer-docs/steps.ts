// How a consumer verifies a request, step by step: by Standard Webhooks where the endpoint signs so, else by its other scheme.
import type { CustomSigning, MessageSignatures, Signing } from '#domain/endpoints/signing';

const readRaw = 'Read the raw body, before anything parses it.';
const headers =
  'Refuse a request without `webhook-id`, `webhook-timestamp` and `webhook-signature`, an id with a dot, and a timestamp that is not digits.';
const recent = 'Refuse a timestamp that differs from your clock by more than 5 minutes.';
const once = 'Drop a `webhook-id` that you have processed. Answer 2xx, then work.';
const publicKey = 'one of the public keys of your tenant: read them from the address above, never from a request';

/** Whether the code samples verify what this endpoint gets. */
export const signsWithSecret = (signing: Signing | null): boolean => signing === null || signing.schemes.includes('v1');

export function stepsOf(signing: Signing | null): string[] {
  if (signing === null || signing.schemes.includes('v1'))
    return [
      readRaw,
      headers,
      recent,
      'Compute HMAC-SHA256 over `{id}.{timestamp}.{body}`. The key is your secret without `whsec_`, decoded from base64.',
      'Compare `v1,` and the base64 of the result with each signature, in constant time.',
      once,
    ];
  if (signing.schemes.includes('v1a'))
    return [
      readRaw,
      headers,
      recent,
      `Verify the ed25519 signature after \`v1a,\`, decoded from base64, over \`{id}.{timestamp}.{body}\`. The key is ${publicKey}.`,
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

const unsignedId = 'The id is not signed: somebody who has seen a request can send it again with another one.';

function customSteps({ header, algorithm, encoding, signed, secretAs, prefix, lead, separator }: CustomSigning): string[] {
  const value = `the ${encoding} of the result${prefix === undefined ? '' : `, after \`${prefix}\``}`;
  const start = lead === undefined ? '' : ` Its value begins with \`${lead}\`, filled in, and \`${separator}\`.`;
  return [
    readRaw,
    `Refuse a request without \`${header}\`.${start}`,
    ...(signed.includes('{timestamp}') ? ['Take `{timestamp}` from `webhook-timestamp`, and refuse it if it is not digits.', recent] : []),
    `Compute HMAC-${algorithm.toUpperCase()} over \`${signed}\`. The key is ${keys[secretAs]}.`,
    separator === undefined
      ? `Compare ${value} with \`${header}\`, in constant time.`
      : `Compare ${value} with each signature in \`${header}\`, separated by \`${separator}\`, in constant time.`,
    ...(signed.includes('{id}') ? [] : [unsignedId]),
    once,
  ];
}

function messageSteps({ algorithm, components }: MessageSignatures): string[] {
  const key = algorithm === 'ed25519' ? publicKey : 'your secret, in bytes';
  const signsId = components === undefined || components.includes('webhook-id');
  return [
    readRaw,
    'Compare `content-digest` with the SHA-256 of the body.',
    `Verify the HTTP Message Signature (RFC 9421, \`${algorithm}\`) with a library. The key is ${key}.`,
    'Refuse a signature that does not cover `@method`, `@target-uri` and `content-digest`. `@target-uri` is your own public URL, from your configuration.',
    'Refuse a `created` that differs from your clock by more than 5 minutes.',
    ...(signsId ? [] : [unsignedId]),
    once,
  ];
}
