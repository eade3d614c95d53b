// Reads how an endpoint's requests are signed at the moment. The sandbox calls it to verify
// signatures.
import { readDeliveryRef } from '#db/deliveries/delivery-refs';
import type { StoredEndpoint } from '#db/endpoints/endpoint-row';
import { readEndpoint } from '#db/endpoints/endpoints';
import { liveSecrets } from '#db/endpoints/secrets';
import type { Db } from '#db/store/pool';
import { messageSecretForm } from '#domain/endpoints/signing';
import { isId } from '#domain/ids';
import { signingSecret } from '#outbound/signing-secret';
import type { EndpointSigning } from '#sandbox/verify-request';
import { openSecret } from '#sealing/secret';
import type { Vault } from '#sealing/vault';

/** `id`: of an endpoint, or of a delivery. Null: it does not exist. */
export async function readEndpointSigning(db: Db, vault: Pick<Vault, 'open'>, id: string): Promise<EndpointSigning | null> {
  const endpointId = isId('ep', id) ? id : (await readDeliveryRef(db, id))?.endpointId;
  const endpoint = endpointId ? await readEndpoint(db, endpointId) : null;
  return endpoint && signingOfEndpoint(db, vault, endpoint);
}

export async function signingOfEndpoint(db: Db, vault: Pick<Vault, 'open'>, endpoint: StoredEndpoint): Promise<EndpointSigning> {
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
