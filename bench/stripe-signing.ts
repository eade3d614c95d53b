// A custom signature, as Stripe makes it, for the benches of signing and verifying.
import type { CustomSigning } from '#domain/endpoints/signing';

export const stripe: CustomSigning = {
  header: 'Stripe-Signature',
  algorithm: 'sha256',
  encoding: 'hex',
  lead: 't={timestamp}',
  prefix: 'v1=',
  separator: ',',
  signed: '{timestamp}.{body}',
  secretAs: 'text',
};
