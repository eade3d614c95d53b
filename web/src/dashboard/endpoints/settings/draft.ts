// The settings of an endpoint as the form has them: all texts. Only what was typed over is sent, so a change that somebody else
// made meanwhile stays. Pure.
import type { Endpoint, EndpointAuth, EndpointChange, EndpointTls, RateLimit } from '@posthorn/client';
import { jsonOf, jsonText, linesOf, numberOf, numberText, pairsOf, pairsText, retryOf, retryText, wholeOf } from './texts.ts';

export type Setting = keyof EndpointChange;

/** JSON texts with all digits of their numbers; empty: none. */
export interface Exact {
  filter: string;
  transform: string;
}

export function draftOf(endpoint: Endpoint, exact: Exact) {
  const { rateLimit, batch } = endpoint;
  return {
    url: endpoint.url,
    description: endpoint.description,
    eventTypes: endpoint.eventTypes.join('\n'),
    channels: endpoint.channels.join('\n'),
    filter: exact.filter,
    format: endpoint.format as string,
    transform: exact.transform,
    versions: jsonText(endpoint.versions),
    signing: jsonText(endpoint.signing),
    headers: pairsText(endpoint.headers),
    metadata: pairsText(endpoint.metadata),
    verification: endpoint.verification.method as string,
    ...authFields(endpoint.auth),
    tlsRemove: '',
    tlsCertificate: '',
    tlsKey: '',
    tlsCa: '',
    ratePerSecond: numberText(rateLimit?.perSecond),
    rateBurst: numberText(rateLimit?.burst),
    maxInFlight: numberText(endpoint.maxInFlight),
    timeout: String(endpoint.timeoutMs / 1_000),
    retry: endpoint.retry ? retryText(endpoint.retry) : '',
    ordering: endpoint.ordering as string,
    onDeadLetter: endpoint.onDeadLetter as string,
    batchEvents: numberText(batch?.maxEvents),
    batchWait: numberText(batch?.maxWaitMs),
    coalesceMs: numberText(endpoint.coalesceMs),
    autoRecover: endpoint.autoRecover ? 'yes' : '',
  };
}

function authFields(auth: Endpoint['auth']) {
  return {
    authType: auth?.type ?? '',
    authToken: auth?.type === 'bearer' ? auth.token : '',
    authUsername: auth?.type === 'basic' ? auth.username : '',
    authPassword: auth?.type === 'basic' ? auth.password : '',
    authTokenUrl: auth?.type === 'oauth2' ? auth.tokenUrl : '',
    authClientId: auth?.type === 'oauth2' ? auth.clientId : '',
    authClientSecret: auth?.type === 'oauth2' ? auth.clientSecret : '',
    authScope: (auth?.type === 'oauth2' && auth.scope) || '',
    authAudience: (auth?.type === 'oauth2' && auth.audience) || '',
    authIn: (auth?.type === 'oauth2' && auth.credentialsIn) || '',
  };
}

export type Draft = ReturnType<typeof draftOf>;
export type DraftField = keyof Draft;

interface Reader {
  fields: readonly DraftField[];
  read: (draft: Draft) => unknown;
}

const text = (field: DraftField): Reader => ({ fields: [field], read: (draft) => draft[field].trim() });
const verbatim = (field: DraftField): Reader => ({ fields: [field], read: (draft) => draft[field] });
const lines = (field: DraftField): Reader => ({ fields: [field], read: (draft) => linesOf(draft[field]) });
const json = (field: DraftField): Reader => ({ fields: [field], read: (draft) => jsonOf(draft[field]) });
const whole = (field: DraftField): Reader => ({ fields: [field], read: (draft) => wholeOf(draft[field]) });

/** The fields of each setting, and how it is read from them. */
export const readers: Record<Setting, Reader> = {
  url: text('url'),
  description: verbatim('description'),
  eventTypes: lines('eventTypes'),
  channels: lines('channels'),
  filter: json('filter'),
  format: text('format'),
  transform: json('transform'),
  versions: json('versions'),
  signing: json('signing'),
  headers: { fields: ['headers'], read: ({ headers }) => pairsOf(headers) },
  metadata: { fields: ['metadata'], read: ({ metadata }) => pairsOf(metadata) },
  verification: text('verification'),
  auth: {
    fields: [
      'authType',
      'authToken',
      'authUsername',
      'authPassword',
      'authTokenUrl',
      'authClientId',
      'authClientSecret',
      'authScope',
      'authAudience',
      'authIn',
    ],
    read: authOf,
  },
  tls: { fields: ['tlsRemove', 'tlsCertificate', 'tlsKey', 'tlsCa'], read: tlsOf },
  rateLimit: { fields: ['ratePerSecond', 'rateBurst'], read: rateLimitOf },
  maxInFlight: whole('maxInFlight'),
  timeoutMs: { fields: ['timeout'], read: timeoutOf },
  retry: { fields: ['retry'], read: ({ retry }) => retryOf(retry) },
  ordering: text('ordering'),
  onDeadLetter: text('onDeadLetter'),
  batch: { fields: ['batchEvents', 'batchWait'], read: batchOf },
  coalesceMs: whole('coalesceMs'),
  autoRecover: { fields: ['autoRecover'], read: ({ autoRecover }) => autoRecover === 'yes' },
};

/** The setting that a field belongs to. */
export const settingOf = (field: DraftField): Setting =>
  (Object.keys(readers) as Setting[]).find((name) => readers[name].fields.includes(field)) ?? 'description';

function authOf(draft: Draft): EndpointAuth | null {
  const { authType, authToken, authUsername, authPassword, authTokenUrl, authClientId, authClientSecret } = draft;
  const { authScope, authAudience, authIn } = draft;
  if (authType === 'bearer') return { type: 'bearer', token: authToken };
  if (authType === 'basic') return { type: 'basic', username: authUsername, password: authPassword };
  if (authType !== 'oauth2') return null;
  const given = { type: 'oauth2' as const, tokenUrl: authTokenUrl, clientId: authClientId, clientSecret: authClientSecret };
  return {
    ...given,
    ...(authScope !== '' && { scope: authScope }),
    ...(authAudience !== '' && { audience: authAudience }),
    ...(authIn !== '' && { credentialsIn: authIn as 'header' | 'body' }),
  };
}

function tlsOf({ tlsRemove, tlsCertificate, tlsKey, tlsCa }: Draft): EndpointTls | null {
  if (tlsRemove === 'yes') return null;
  return {
    ...(tlsCertificate !== '' && { certificate: tlsCertificate }),
    ...(tlsKey !== '' && { key: tlsKey }),
    ...(tlsCa !== '' && { ca: tlsCa }),
  };
}

function timeoutOf({ timeout }: Draft): number {
  const seconds = numberOf(timeout);
  if (seconds === null) throw new Error('must be a number of seconds');
  return Math.round(seconds * 1_000);
}

function rateLimitOf({ ratePerSecond, rateBurst }: Draft): RateLimit | null {
  const [perSecond, burst] = [numberOf(ratePerSecond), wholeOf(rateBurst)];
  if (perSecond === null && burst === null) return null;
  if (perSecond === null) throw new Error('needs the number of requests a second, too');
  return { perSecond, ...(burst !== null && { burst }) };
}

function batchOf({ batchEvents, batchWait }: Draft): { maxEvents: number; maxWaitMs: number } | null {
  const [maxEvents, maxWaitMs] = [wholeOf(batchEvents), wholeOf(batchWait)];
  if (maxEvents === null && maxWaitMs === null) return null;
  if (maxEvents === null) throw new Error('needs the number of events, too');
  return { maxEvents, maxWaitMs: maxWaitMs ?? 0 };
}
