// How a process connects to Temporal, and the files that hold its credentials, which may change while it runs.
import { readFile } from 'node:fs/promises';
import { isDeepStrictEqual } from 'node:util';
import type { NativeConnectionOptions } from '@temporalio/worker';
import type { Config } from '#config/config';

/** The contents of the files that are configured. */
export interface Credentials {
  apiKey: string | undefined;
  /** PEM: the CA of the server's certificate. */
  ca: Buffer | undefined;
  /** PEM: the client certificate. */
  cert: Buffer | undefined;
  /** PEM: its private key. */
  key: Buffer | undefined;
}

/** Rejects if a file cannot be read. */
export async function readCredentials(config: Config): Promise<Credentials> {
  const file = (path: string | undefined) => (path === undefined ? undefined : readFile(path));
  const [apiKey, ca, cert, key] = await Promise.all([
    file(config.TEMPORAL_API_KEY_FILE),
    file(config.TEMPORAL_TLS_CA),
    file(config.TEMPORAL_TLS_CERT),
    file(config.TEMPORAL_TLS_KEY),
  ]);
  // empty: it is being written
  if (apiKey?.toString().trim() === '') throw new Error('the file of TEMPORAL_API_KEY_FILE is empty');
  return { apiKey: apiKey?.toString().trim() ?? config.TEMPORAL_API_KEY, ca, cert, key };
}

export const isSame = (a: Credentials, b: Credentials) => isDeepStrictEqual(a, b);

export const addressOf = (config: Config) => config.TEMPORAL_ADDRESS ?? '127.0.0.1:7233';

export function connectionOptions(config: Config, { apiKey, ca, cert, key }: Credentials): NativeConnectionOptions {
  const serverName = config.TEMPORAL_TLS_SERVER_NAME;
  const implied = Boolean(ca || cert || serverName || apiKey);
  const tls = (config.TEMPORAL_TLS === undefined ? implied : config.TEMPORAL_TLS === 'true') && {
    ...(ca && { serverRootCACertificate: ca }),
    ...(cert && key && { clientCertPair: { crt: cert, key } }),
    ...(serverName && { serverNameOverride: serverName }),
  };
  return { address: addressOf(config), tls, ...(apiKey && { apiKey }) };
}
