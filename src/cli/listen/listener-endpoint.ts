// The endpoint of `posthorn listen`: found again by its name, with a secret that stays the same. The secret is kept in the
// configuration folder, because the API shows it only once.
import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { hostname, userInfo } from 'node:os';
import { z } from 'zod';
import { PosthornProblem } from '#client';
import { listenUrl } from '#domain/endpoints/listen';
import { writePrivate } from '#profiles/profiles';
import type { Api } from '../connection/api.ts';

export interface ListenerEndpoint {
  id: string;
  tenant: string;
  url: string;
  eventTypes: string[];
  gate: string;
  gateReason: string | null;
}

export interface Wanted {
  tenant: string;
  name: string;
  eventTypes?: string[] | undefined;
  channels?: string[] | undefined;
  filter?: unknown;
}

const secrets = z.record(z.string(), z.string());
/** Somebody waits in front of the screen, and a stopped command must not be tried for days. */
const retry = { schedule: ['5s', '30s', '2m', '10m', '1h'] };

/** A name for this user on this machine and this profile. */
export function usualName(profile: string): string {
  return `${userInfo().username}-${hostname()}-${profile}`
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, '-')
    .slice(0, 100);
}

/** Finds the endpoint, or makes it. `file`: where secrets are kept. */
export async function openEndpoint(
  api: Api,
  wanted: Wanted,
  file: string,
): Promise<{ endpoint: ListenerEndpoint; secret: string; isNew: boolean }> {
  const url = listenUrl(wanted.name);
  const path = `/v1/tenants/${encodeURIComponent(wanted.tenant)}/endpoints`;
  for await (const endpoint of api.list<ListenerEndpoint>(path)) {
    if (endpoint.url === url)
      return { endpoint: await adapted(api, endpoint, wanted), secret: await secretOf(api, endpoint.id, file), isNew: false };
  }
  const secret = `whsec_${randomBytes(32).toString('base64')}`;
  const settings = { url, description: `posthorn listen of ${wanted.name}`, retry, secret, ...chosen(wanted) };
  const endpoint = await api
    .post<ListenerEndpoint>(path, { ...settings, verification: 'none' })
    // this server verifies endpoints, and the command echoes the challenge
    .catch((error: unknown) =>
      isAboutVerification(error) ? api.post<ListenerEndpoint>(path, { ...settings, verification: 'echo' }) : Promise.reject(error),
    );
  keep(file, endpoint.id, secret);
  return { endpoint, secret, isNew: true };
}

function isAboutVerification(error: unknown): boolean {
  return error instanceof PosthornProblem && error.errors.some(({ path }) => path === 'verification');
}

function chosen({ eventTypes, channels, filter }: Wanted): object {
  return { ...(eventTypes && { eventTypes }), ...(channels && { channels }), ...(filter !== undefined && { filter }) };
}

/** What was asked for this time, and open again if it was disabled because nobody listened for days. */
async function adapted(api: Api, endpoint: ListenerEndpoint, wanted: Wanted): Promise<ListenerEndpoint> {
  const path = `/v1/endpoints/${endpoint.id}`;
  const changes = chosen(wanted);
  const changed = Object.keys(changes).length === 0 ? endpoint : await api.patch<ListenerEndpoint>(path, changes);
  return changed.gate === 'disabled' ? api.post<ListenerEndpoint>(`${path}/resume`) : changed;
}

/** The kept secret. If it is lost, a new one that signs alone. */
async function secretOf(api: Api, endpointId: string, file: string): Promise<string> {
  const kept = readSecrets(file)[endpointId];
  if (kept !== undefined) return kept;
  const secret = `whsec_${randomBytes(32).toString('base64')}`;
  await api.post(`/v1/endpoints/${endpointId}/rotate-secret`, { secret, overlap: '0' });
  keep(file, endpointId, secret);
  return secret;
}

function keep(file: string, endpointId: string, secret: string): void {
  writePrivate(file, { ...readSecrets(file), [endpointId]: secret });
}

function readSecrets(file: string): Record<string, string> {
  try {
    return secrets.parse(JSON.parse(readFileSync(file, 'utf8')));
  } catch {
    // none yet, or not readable: a new secret is made
    return {};
  }
}
