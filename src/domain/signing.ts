// How requests to an endpoint are signed: Standard Webhooks, a scheme of the platform's own, HTTP Message Signatures (RFC 9421), or several of them.
import { z } from 'zod';
import { headerName } from './header-name.ts';
import type { SecretForm } from './secret.ts';

const piece = (longest: number) =>
  z
    .string()
    .min(1)
    .max(longest)
    .regex(/^[\x20-\x7e]*$/, 'must be visible ASCII without line breaks');

const trimmed = 'begins with a blank, which HTTP takes away from the value';
const verbatim = (given: string) => !/[{}]/.test(given);
const notFilled = 'has braces: nothing is filled in here';
const filledIn = (given: string) => verbatim(given.replaceAll(/\{(id|timestamp)\}/g, ''));

const custom = z
  .strictObject({
    header: headerName.describe('carries the signature'),
    algorithm: z.enum(['sha1', 'sha256', 'sha512']).describe('of the HMAC'),
    encoding: z.enum(['hex', 'base64']),
    signed: z.enum(['{id}.{timestamp}.{body}', '{timestamp}.{body}', '{body}']).describe('what is signed'),
    secretAs: z.enum(['text', 'hex', 'base64']).describe('how the text of the secret becomes the key'),
    prefix: piece(40).refine(verbatim, notFilled).optional().describe('in front of each signature, such as sha256='),
    lead: piece(100)
      .refine((given) => !given.startsWith(' '), trimmed)
      .refine(filledIn, 'has braces around something else than {id} or {timestamp}')
      .optional()
      .describe('what the value begins with, such as t={timestamp}; {id} and {timestamp} are filled in'),
    separator: piece(4)
      .refine(verbatim, notFilled)
      .optional()
      .describe('between lead and signatures; without it the newest secret alone signs'),
    timestampHeader: headerName.optional().describe('carries the timestamp a second time: seconds since 1970'),
  })
  .describe('a signature as a platform had it before, by HMAC (docs/signing.md)');
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

/** A signature that covered less could be sent on: to another address, by another method, with another body. */
export const alwaysCovered = ['@method', '@target-uri', 'content-digest'] as const satisfies Component[];

const messageSignatures = z
  .strictObject({
    algorithm: z.enum(['ed25519', 'hmac-sha256']),
    label: z
      .string()
      .regex(/^[a-z][a-z0-9_-]{0,30}$/, 'a lower-case letter, then letters, digits, - and _')
      .optional()
      .describe('posthorn by default; other keys that sign at the same time have -2, -3 … behind it'),
    components: z
      .array(z.enum(components))
      .min(1)
      .optional()
      .describe(
        'what is signed, @method, @target-uri and content-digest among it; by default these, content-type, webhook-id and webhook-timestamp',
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
      .describe('of Standard Webhooks: v1 (HMAC-SHA256), v1a (ed25519); none only where something else signs'),
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
  if (schemes.length === 0 && !custom && !messageSignatures) add('something must sign', 'schemes');
  if (new Set(schemes).size < schemes.length) add('names one twice', 'schemes');
  if (custom?.secretAs === 'hex' && schemes.includes('v1'))
    add('cannot be hex beside v1, whose secret is whsec_ and base64', 'custom', 'secretAs');
  if (custom?.lead !== undefined && custom.separator === undefined) add('is missing: it stands behind lead', 'custom', 'separator');
  if (custom?.lead === undefined && custom?.prefix?.startsWith(' ')) add(trimmed, 'custom', 'prefix');
  if (custom?.timestampHeader?.toLowerCase() === custom?.header.toLowerCase() && custom)
    add('is the header of the signature', 'custom', 'timestampHeader');
  const covered = messageSignatures?.components;
  if (covered && new Set(covered).size < covered.length) add('names one twice', 'messageSignatures', 'components');
  const uncovered = alwaysCovered.filter((name) => covered && !covered.includes(name));
  if (uncovered.length > 0) add(`must name ${uncovered.join(', ')}`, 'messageSignatures', 'components');
  return problems;
}

/** The headers that signing sets, beyond those that are always ours; in lower case. */
export function signingHeaders({ custom, messageSignatures }: Signing): { path: string; header: string }[] {
  return [
    ...(custom ? [{ path: 'signing.custom.header', header: custom.header.toLowerCase() }] : []),
    ...(custom?.timestampHeader ? [{ path: 'signing.custom.timestampHeader', header: custom.timestampHeader.toLowerCase() }] : []),
    ...(messageSignatures
      ? ['content-digest', 'signature-input', 'signature'].map((header) => ({ path: 'signing.messageSignatures', header }))
      : []),
  ];
}

/** Headers that would be set twice: by the endpoint's own, or by two ways of signing. */
export function signingHeaderProblems(given: Signing | null, own: Record<string, string>): { path: string; message: string }[] {
  const taken = new Set(['authorization', ...Object.keys(own).map((name) => name.toLowerCase())]);
  return (given ? signingHeaders(given).toReversed() : []).flatMap(({ path, header }) => {
    const isTaken = taken.has(header);
    taken.add(header);
    return isTaken ? [{ path, message: `the header ${header} is set already` }] : [];
  });
}

/** In which forms its secrets are used; the null of an endpoint is Standard Webhooks v1. */
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

/** It signs with a key pair: that of its tenant. */
export function signsWithKeyPair(given: Signing | null): boolean {
  return given !== null && (given.schemes.includes('v1a') || given.messageSignatures?.algorithm === 'ed25519');
}
