// Makes the HMAC signature headers of a custom scheme, as `signing.custom` of the endpoint declares
// it.
import { createHmac, type KeyObject } from 'node:crypto';
import type { CustomSigning } from '#domain/endpoints/signing';
import type { Signable } from './sign.ts';

/** The signature header and, if declared, the timestamp header. `keys`: those of the live secrets, newest first. */
export function customHeaders(custom: CustomSigning, request: Signable, keys: readonly KeyObject[]): Record<string, string> {
  const { header, prefix = '', lead, separator, timestampHeader } = custom;
  const signing = separator === undefined ? keys.slice(0, 1) : keys;
  const signatures = signing.map((key) => prefix + signatureOf(custom, request, key));
  const parts = lead === undefined ? signatures : [filled(lead, request), ...signatures];
  return {
    [header]: parts.join(separator),
    ...(timestampHeader !== undefined && { [timestampHeader]: String(request.timestamp) }),
  };
}

function signatureOf({ algorithm, encoding, signed }: CustomSigning, request: Signable, key: KeyObject): string {
  const head = filled(signed.slice(0, -'{body}'.length), request);
  return createHmac(algorithm, key).update(head).update(request.body).digest(encoding);
}

function filled(template: string, { id, timestamp }: Signable): string {
  return template.replaceAll(/\{(id|timestamp)\}/g, (_, name) => (name === 'id' ? id : String(timestamp)));
}
