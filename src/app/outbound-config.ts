// Reads the operator's settings for requests to endpoints: the proxy and additional CA
// certificates.
import { readFileSync } from 'node:fs';
import { createSecureContext } from 'node:tls';
import { type Config, ConfigError } from '#config/config';
import { createProxy } from '#outbound/proxy';
import type { SenderOptions } from '#outbound/send';
import { authoritiesWith } from '#outbound/trust';
import { certificatesIn } from '#sealing/client-certificate';

type Egress = Pick<SenderOptions, 'ca' | 'proxy'>;

/** Throws ConfigError if the file with CA certificates cannot be read. */
export function openOutboundConfig(
  { POSTHORN_CA_FILE: file, POSTHORN_EGRESS_PROXY: url }: Pick<Config, 'POSTHORN_CA_FILE' | 'POSTHORN_EGRESS_PROXY'>,
  ownOrigin: string,
): Egress {
  const ca = authoritiesWith(file === undefined ? undefined : readBundle(file));
  if (url === undefined) return { ca };
  return { ca, proxy: createProxy({ url, secureContext: createSecureContext({ ca, minVersion: 'TLSv1.2' }), ownOrigin }) };
}

function readBundle(file: string): string {
  try {
    const bundle = readFileSync(file, 'utf8');
    // OpenSSL silently skips certificates that it cannot read, so they are checked here
    certificatesIn(bundle);
    return bundle;
  } catch (error) {
    throw new ConfigError(`POSTHORN_CA_FILE: ${error instanceof Error ? error.message : String(error)}`);
  }
}
