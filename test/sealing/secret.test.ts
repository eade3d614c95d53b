import { randomBytes } from 'node:crypto';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { type SecretForm, secretProblem } from '#domain/endpoints/secret';
import { newSecret, openSecret, sealSecret } from '#sealing/secret';
import { createVault } from '#sealing/vault';

const vault = createVault([randomBytes(32).toString('base64')]);
const roundTrip = (text: string) => openSecret(vault, 'sec_1', sealSecret(vault, 'sec_1', text));

it('any text is returned unchanged, because the text itself may be the key', () => {
  const visible = fc.string({
    unit: fc.integer({ min: 0x20, max: 0x7e }).map((code) => String.fromCharCode(code)),
    minLength: 16,
    maxLength: 200,
  });
  const whsec = fc.uint8Array({ minLength: 24, maxLength: 64 }).map((bytes) => `whsec_${Buffer.from(bytes).toString('base64')}`);
  fc.assert(fc.property(fc.oneof(visible, whsec), (text) => roundTrip(text) === text));
  // another base64 form of the same bytes
  expect(roundTrip(`whsec_${'A'.repeat(43)}B==`)).toBe(`whsec_${'A'.repeat(43)}B==`);
});

it('a secret stored as bytes is returned as its whsec_ text', () => {
  const bytes = randomBytes(32);
  expect(openSecret(vault, 'sec_1', vault.seal(bytes, 'sec_1'))).toBe(`whsec_${bytes.toString('base64')}`);
});

it.each<SecretForm[][]>([[[]], [['whsec']], [['text']], [['whsec', 'text']], [['whsec', 'base64']], [['hex']]])(
  'a new secret is valid as %j',
  (forms) => {
    const text = newSecret(forms, randomBytes(32));
    for (const form of forms) expect(secretProblem(text, form)).toBe(null);
    expect(roundTrip(text)).toBe(text);
  },
);
