// What a signature scheme is: a check that throws WebhookVerificationError, or returns whether the scheme signs the id.
import type { Clock, HeadersLike } from './headers.ts';
import type { Secret } from './keys.ts';
import type { Check } from './steps.ts';

export type Scheme = (body: Uint8Array, headers: HeadersLike, secrets: readonly Secret[], clock: Clock) => Check<boolean>;
