// How an endpoint is signed now, as its receiver must know it: read for the sandbox, which checks what it gets.
import { readDeliveryRef } from './db/delivery-refs.ts';
import { readEndpoint } from './db/endpoints.ts';
import type { Db } from './db/pool.ts';
import { liveSecrets } from './db/secrets.ts';
import { isId } from './domain/ids.ts';
import { messageSecretForm } from './domain/signing.ts';
import { signingSecret } from './outbound/signing-secret.ts';
import type { EndpointSigning } from './sandbox/check-signature.ts';
import { openSecret } from './secret.ts';
import type { Vault } from './vault.ts';

/** Of an endpoint, or of that of a delivery; null: there is no such. */
export async function readEndpointSigning(db: Db, vault: Pick<Vault, 'open'>, id: string): Promise<EndpointSigning | null> {
  const endpointId = isId('ep', id) ? id : (await readDeliveryRef(db, id))?.endpointId;
  const endpoint = endpointId ? await readEndpoint(db, endpointId) : null;
  if (!endpoint) return null;
  const secrets = (await liveSecrets(db, endpoint.id)).map(({ secretId, sealed }) => ({
    id: secretId,
    text: openSecret(vault, secretId, sealed),
  }));
  const form = endpoint.signing ? messageSecretForm(endpoint.signing) : 'whsec';
  const keys = secrets.map((secret) => signingSecret(secret.id, secret.text).key(form)).filter((key) => key !== null);
  return {
    signing: endpoint.signing,
    secrets: secrets.map(({ text }) => text),
    publicKeys: endpoint.publicKeys ?? [],
    messageSecrets: keys.map((key) => key.export()),
  };
}
