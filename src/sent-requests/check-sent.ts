// Checks the signature of a request that was sent, as its receiver would: with the secrets and keys of now, then with those of
// before.
import type { PastSigning } from '#db/deliveries/sent-events';
import { messageSecretForm } from '#domain/endpoints/signing';
import type { SignatureFacts } from '#domain/views/attempt-details';
import { signingSecret } from '#outbound/signing-secret';
import { WebhookVerificationError } from '#receiver';
import { type SignedRequest, verifyRequest } from '#sandbox/verify-request';
import { openSecret } from '#sealing/secret';
import type { Vault } from '#sealing/vault';

type Result = 'valid' | 'no_match' | 'other_settings';

export function checkSent(
  vault: Pick<Vault, 'open'>,
  request: SignedRequest,
  { signing, secrets, publicKeys }: PastSigning,
): SignatureFacts {
  const tryWith = (secret: PastSigning['secrets'][number], keys: typeof publicKeys) => {
    const text = openSecret(vault, secret.id, secret.sealed);
    const key = signingSecret(secret.id, text).key(signing ? messageSecretForm(signing) : 'whsec');
    const messageSecrets = key ? [key.export()] : [];
    return verified(request, { signing, secrets: [text], publicKeys: keys.map((one) => one.key), messageSecrets });
  };
  const published = publicKeys.filter(({ isPublished }) => isPublished);
  for (const keys of [published, publicKeys]) {
    for (const [index, secret] of secrets.entries()) {
      const result = tryWith(secret, keys);
      if (result === 'other_settings') return { verdict: 'not_checked', why: 'other_settings' };
      if (result === 'valid')
        return index === 0 && keys === published ? { verdict: 'valid' } : { verdict: 'rotated', endsAt: secret.endsAt };
    }
  }
  return { verdict: 'no_match' };
}

function verified(...given: Parameters<typeof verifyRequest>): Result {
  try {
    verifyRequest(...given);
    return 'valid';
  } catch (error) {
    if (!(error instanceof WebhookVerificationError)) throw error;
    // the headers of a scheme are not there, or of another form
    return error.reason === 'no_match' || error.reason === 'bad_secret' ? 'no_match' : 'other_settings';
  }
}
