import { randomBytes } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createVault, VaultError } from '#sealing/vault';

const key = () => randomBytes(32).toString('base64');

describe('the vault', () => {
  it('decrypts every value that it encrypted', () => {
    const vault = createVault([key()]);
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), fc.string(), (plain, context) => {
        expect(Buffer.from(vault.open(vault.seal(plain, context), context))).toEqual(Buffer.from(plain));
      }),
    );
  });

  it('never encrypts to the same bytes twice, and reveals nothing of the text', () => {
    const vault = createVault([key()]);
    const plain = Buffer.from('a secret that is not to be seen');
    const sealed = Buffer.from(vault.seal(plain, 'sec_1'));
    expect(sealed).not.toEqual(Buffer.from(vault.seal(plain, 'sec_1')));
    expect(sealed.includes('secret')).toBe(false);
  });

  it('refuses values that were changed in any byte, truncated, or moved to another context', () => {
    const vault = createVault([key()]);
    const sealed = vault.seal(Buffer.from('text'), 'sec_1');
    for (let at = 0; at < sealed.length; at++) {
      const changed = Uint8Array.from(sealed, (byte, index) => (index === at ? byte ^ 1 : byte));
      expect(() => vault.open(changed, 'sec_1')).toThrow(VaultError);
      expect(() => vault.open(sealed.subarray(0, at), 'sec_1')).toThrow(VaultError);
    }
    expect(() => vault.open(sealed, 'sec_2')).toThrow(VaultError);
  });

  it('rotates: the first key encrypts, any key decrypts, a missing key is reported', () => {
    const [old, young] = [key(), key()];
    const before = createVault([old]);
    const between = createVault([young, old]);
    const after = createVault([young]);
    const sealedBefore = before.seal(Buffer.from('a'), '');
    const sealedBetween = between.seal(Buffer.from('b'), '');
    expect(Buffer.from(between.open(sealedBefore, '')).toString()).toBe('a');
    expect(Buffer.from(after.open(sealedBetween, '')).toString()).toBe('b');
    expect(() => after.open(sealedBefore, '')).toThrow(/master key that is not in POSTHORN_MASTER_KEY/);
    expect(between.fingerprint).toBe(after.fingerprint);
    expect(between.fingerprints).toEqual([after.fingerprint, before.fingerprint]);
  });

  it('accepts only keys of 32 bytes', () => {
    expect(() => createVault([])).toThrow(VaultError);
    expect(() => createVault([randomBytes(31).toString('base64')])).toThrow(VaultError);
  });
});
