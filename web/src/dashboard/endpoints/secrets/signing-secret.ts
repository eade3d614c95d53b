// What is said of the signing secret of an endpoint when it was just made.
import type { MadeSecret } from '../../made-secret.ts';

export const signingSecret = (title: string, text: string): MadeSecret => ({
  title,
  name: 'the secret',
  text,
  hint: 'This is the signing secret. Store it where the receiver finds it, and check the signature of each request with it.',
});
