// Signing schemes as the fields show them, and the JSON of the setting. Pure.
import type { Signing } from '@posthorn/client';

export type Custom = NonNullable<Signing['custom']>;
export type Message = NonNullable<Signing['messageSignatures']>;

/** Platforms whose receivers verify these (docs/signing.md). */
export const platforms: Record<string, Custom> = {
  GitHub: { header: 'X-Hub-Signature-256', algorithm: 'sha256', encoding: 'hex', prefix: 'sha256=', signed: '{body}', secretAs: 'text' },
  Shopify: { header: 'X-Shopify-Hmac-Sha256', algorithm: 'sha256', encoding: 'base64', signed: '{body}', secretAs: 'text' },
  Stripe: {
    header: 'Stripe-Signature',
    algorithm: 'sha256',
    encoding: 'hex',
    lead: 't={timestamp}',
    prefix: 'v1=',
    separator: ',',
    signed: '{timestamp}.{body}',
    secretAs: 'text',
  },
};

export const customBegun: Custom = {
  header: 'X-Signature',
  algorithm: 'sha256',
  encoding: 'hex',
  signed: '{id}.{timestamp}.{body}',
  secretAs: 'text',
};

export const messageBegun: Message = { algorithm: 'ed25519' };

export const alwaysCovered = ['@method', '@target-uri', 'content-digest'] as const;
export const components = [...alwaysCovered, '@authority', '@path', '@query', 'content-type', 'webhook-id', 'webhook-timestamp'] as const;
export type Component = (typeof components)[number];
const usual: readonly Component[] = [...alwaysCovered, 'content-type', 'webhook-id', 'webhook-timestamp'];

/** Those that are signed; absent: the usual ones. */
export const coveredBy = ({ components: given }: Message): readonly Component[] => given ?? usual;

/** Undefined: the fields cannot show it. Empty: Standard Webhooks v1. */
export function signingIn(text: string): Signing | undefined {
  if (text.trim() === '') return { schemes: ['v1'] };
  try {
    const value: unknown = JSON.parse(text);
    if (!isRecord(value)) return undefined;
    const { schemes = ['v1'], custom, messageSignatures, ...others } = value;
    const isKnown = Array.isArray(schemes) && schemes.every((one) => one === 'v1' || one === 'v1a') && Object.keys(others).length === 0;
    const areParts = [custom, messageSignatures].every((part) => part === undefined || isRecord(part));
    return isKnown && areParts ? ({ ...value, schemes } as Signing) : undefined;
  } catch {
    return undefined;
  }
}

const isRecord = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null && !Array.isArray(value);

/** Texts that were left empty are left out; Standard Webhooks v1 alone is no setting. */
export function signingText({ schemes = [], custom, messageSignatures }: Signing): string {
  if (!custom && !messageSignatures && schemes.length === 1 && schemes[0] === 'v1') return '';
  const given = {
    schemes,
    ...(custom && { custom: withoutEmpty(custom) }),
    ...(messageSignatures && { messageSignatures: withoutEmpty(messageSignatures) }),
  };
  return JSON.stringify(given, null, 2);
}

const withoutEmpty = <T extends object>(fields: T) => Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== ''));
