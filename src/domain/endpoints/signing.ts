// Signing settings of an endpoint: Standard Webhooks, a custom HMAC scheme, HTTP Message Signatures
// (RFC 9421), or several of them.
import { z } from 'zod';
import { headerName } from './header-name.ts';
import type { SecretForm } from './secret.ts';

const piece = (longest: number) =>
  z
    .string()
    .min(1)
    .max(longest)
    .regex(/^[\x20-\x7e]*$/, 'must be visible ASCII without line breaks');

const trimmed = 'must not start with a space, because HTTP removes it';
const verbatim = (given: string) => !/[{}]/.test(given);
const notFilled = 'must not contain braces: placeholders are not supported here';
const filledIn = (given: string) => verbatim(given.replaceAll(/\{(id|timestamp)\}/g, ''));

const custom = z
  .strictObject({
    header: headerName.describe('header that carries the signature'),
    algorithm: z.enum(['sha1', 'sha256', 'sha512']).describe('hash function of the HMAC'),
    encoding: z.enum(['hex', 'base64']),
    signed: z.enum(['{id}.{timestamp}.{body}', '{timestamp}.{body}', '{body}']).describe('what is signed'),
    secretAs: z.enum(['text', 'hex', 'base64']).describe('how the secret is decoded into the HMAC key'),
    prefix: piece(40).refine(verbatim, notFilled).optional().describe('text before each signature, such as sha256='),
    lead: piece(100)
      .refine((given) => !given.startsWith(' '), trimmed)
      .refine(filledIn, 'must not contain braces other than {id} and {timestamp}')
      .optional()
      .describe('start of the header value, such as t={timestamp}; the placeholders {id} and {timestamp} are replaced'),
    separator: piece(4)
      .refine(verbatim, notFilled)
      .optional()
      .describe('text between lead and signatures, and between signatures; if absent, only the newest secret signs'),
    timestampHeader: headerName.optional().describe('additional header with the timestamp, in seconds since 1970'),
  })
  .describe('custom HMAC signature, for receivers that expect an existing scheme (docs/signing.md)');
export type CustomSigning = z.infer<typeof custom>;

export const components = [
  '@method',
  '@target-uri',
  '@authority',
  '@path',
  '@query',
  'content-digest',
  'content-type',
  'webhook-id',
  'webhook-timestamp',
] as const;
export type Component = (typeof components)[number];

/** A signature that covers less could be reused for another URL, another method or another body. */
export const alwaysCovered = ['@method', '@target-uri', 'content-digest'] as const satisfies Component[];

const messageSignatures = z
  .strictObject({
    algorithm: z.enum(['ed25519', 'hmac-sha256']),
    label: z
      .string()
      .regex(/^[a-z][a-z0-9_-]{0,30}$/, 'must be a lower-case letter, followed by up to 30 lower-case letters, digits, - and _')
      .optional()
      .describe('label of the signature, posthorn by default; further keys that sign at the same time get the suffix -2, -3 …'),
    components: z
      .array(z.enum(components))
      .min(1)
      .optional()
      .describe(
        'signed components; must include @method, @target-uri and content-digest; by default these and content-type, webhook-id and webhook-timestamp',
      ),
  })
  .describe('HTTP Message Signatures (RFC 9421) with Content-Digest (RFC 9530)');
export type MessageSignatures = z.infer<typeof messageSignatures>;

const shape = z
  .strictObject({
    schemes: z
      .array(z.enum(['v1', 'v1a']))
      .max(2)
      .default(['v1'])
      .describe('schemes of Standard Webhooks: v1 (HMAC-SHA256), v1a (ed25519); may be empty only with custom or messageSignatures'),
    custom: custom.optional(),
    messageSignatures: messageSignatures.optional(),
  })
  .describe('how requests are signed; Standard Webhooks v1 by default');
export type Signing = z.infer<typeof shape>;

export const signing = shape.superRefine((given, context) => {
  for (const { path, message } of problemsOf(given)) context.addIssue({ code: 'custom', path, message });
});

function problemsOf({ schemes, custom, messageSignatures }: Signing): { path: string[]; message: string }[] {
  const problems: { path: string[]; message: string }[] = [];
  const add = (message: string, ...path: string[]) => problems.push({ path, message });
  if (schemes.length === 0 && !custom && !messageSignatures) add('must not be empty without custom or messageSignatures', 'schemes');
  if (new Set(schemes).size < schemes.length) add('must not contain duplicates', 'schemes');
  if (custom?.secretAs === 'hex' && schemes.includes('v1'))
    add('cannot be hex together with v1, whose secret is whsec_ and base64', 'custom', 'secretAs');
  if (custom?.lead !== undefined && custom.separator === undefined) add('is missing: lead requires separator', 'custom', 'separator');
  if (custom?.lead === undefined && custom?.prefix?.startsWith(' ')) add(trimmed, 'custom', 'prefix');
  if (custom?.timestampHeader?.toLowerCase() === custom?.header.toLowerCase() && custom)
    add('must differ from header', 'custom', 'timestampHeader');
  const covered = messageSignatures?.components;
  if (covered && new Set(covered).size < covered.length) add('must not contain duplicates', 'messageSignatures', 'components');
  const uncovered = alwaysCovered.filter((name) => covered && !covered.includes(name));
  if (uncovered.length > 0) add(`must include ${uncovered.join(', ')}`, 'messageSignatures', 'components');
  return problems;
}

/** Headers set by custom signing and message signatures, in lower case, with the setting that causes each. */
export function signingHeaders({ custom, messageSignatures }: Signing): { path: string; header: string }[] {
  return [
    ...(custom ? [{ path: 'signing.custom.header', header: custom.header.toLowerCase() }] : []),
    ...(custom?.timestampHeader ? [{ path: 'signing.custom.timestampHeader', header: custom.timestampHeader.toLowerCase() }] : []),
    ...(messageSignatures
      ? ['content-digest', 'signature-input', 'signature'].map((header) => ({ path: 'signing.messageSignatures', header }))
      : []),
  ];
}

/** Signing headers that are set already: by the endpoint's custom headers, or by another signing scheme. */
export function signingHeaderProblems(given: Signing | null, own: Record<string, string>): { path: string; message: string }[] {
  const taken = new Set(['authorization', ...Object.keys(own).map((name) => name.toLowerCase())]);
  return (given ? signingHeaders(given).toReversed() : []).flatMap(({ path, header }) => {
    const isTaken = taken.has(header);
    taken.add(header);
    return isTaken ? [{ path, message: `the header ${header} is already in use` }] : [];
  });
}

/** Forms in which the endpoint's secrets are used. Null means Standard Webhooks v1. */
export function secretFormsOf(given: Signing | null): SecretForm[] {
  if (!given) return ['whsec'];
  const forms = new Set<SecretForm>();
  if (given.schemes.includes('v1')) forms.add('whsec');
  if (given.custom) forms.add(given.custom.secretAs);
  if (given.messageSignatures?.algorithm === 'hmac-sha256') forms.add(messageSecretForm(given));
  return [...forms];
}

export function messageSecretForm({ custom }: Signing): SecretForm {
  return custom?.secretAs ?? 'whsec';
}

/** Whether the endpoint's requests are signed with the tenant's key pair. */
export function signsWithKeyPair(given: Signing | null): boolean {
  return given !== null && (given.schemes.includes('v1a') || given.messageSignatures?.algorithm === 'ed25519');
}
