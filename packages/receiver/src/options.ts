// The options of a receiver.
import type { AllowFrom } from './addresses.ts';
import type { WebhookEvent } from './events.ts';
import type { PostgresClient } from './inbox/postgres.ts';
import type { Gap, Inbox } from './inbox/store.ts';
import type { Log } from './log.ts';
import type { RateLimit } from './rate-limit.ts';
import type { Scheme } from './verify/scheme.ts';
import type { SecretsGiven } from './verify/verification.ts';

/** A gap that was passed over: a later event is handled although these have not arrived. */
export interface PassedGap extends Gap {
  /** No event of the key was seen before: the receiver may be younger than the order. */
  first: boolean;
  /** The event that is handled now. */
  event: string;
}

export interface ReceiverOptions<Tx = PostgresClient> {
  /** `whsec_…`, `whpk_…`, a JWK set, several of them during a rotation; or a function that gives them, such as `remoteJwks`. */
  secrets: SecretsGiven | (() => SecretsGiven | Promise<SecretsGiven>);
  /** Where the endpoint's `signing` is neither v1 nor v1a: `customScheme(…)` or `rfc9421(…)` of `@posthorn/receiver/schemes`. */
  scheme?: Scheme;
  /** Seconds that the time of a signature may differ. Default: 300. */
  tolerance?: number;
  /** Where events wait: `postgresInbox(pool)`, `redisInbox(client)`, or `memoryInbox()`, which forgets them. */
  inbox: Inbox<Tx>;
  /** Tells the receivers in one inbox apart: one for each endpoint. Default: `default`. */
  name?: string;
  /** Only requests from here: addresses and CIDR ranges, or `remoteAddresses('https://…/v1/meta')`. Default: all. */
  allowFrom?: AllowFrom;
  /** How many proxies before this process append to `x-forwarded-for`. Default: 0, the address of the connection. */
  trustedProxies?: number;
  /** Default: 4 MiB. Posthorn sends at most 2 MiB or one event. */
  maxBodyBytes?: number;
  /** Of each source address. Default: none. */
  rateLimit?: RateLimit;
  /** How an event finds its order. Default: events with a sequence number are one order. False: none. */
  order?: false | { key?: (event: WebhookEvent) => string | null | undefined; gapWaitMs?: number; onGap?: (gap: PassedGap) => void };
  /** What a replay by Posthorn of an event that is done does. Default: `skip`. Dead letters are always revived. */
  replays?: 'skip' | 'run';
  /** Handles test events, too. Default: false, they are accepted and logged. */
  tests?: boolean;
  /** Milliseconds before the second, third … attempt to handle an event; then it is a dead letter. */
  retryMs?: readonly number[];
  /** Handlers at once in this process. Default: 8. */
  concurrency?: number;
  /** How long a handler may take. Default: 5 minutes. */
  handlerTimeoutMs?: number;
  /** After a crash, how long until another worker takes over. Default: 30 s. */
  leaseMs?: number;
  /** How often a worker looks for what other processes have accepted. Default: 1 s. */
  pollMs?: number;
  /** How long a duplicate is recognized. Default: 30 days. */
  keepMs?: number;
  /** Called for each event that becomes a dead letter here. */
  onDead?: (event: WebhookEvent, error: unknown) => void;
  /** Default: JSON lines on the standard output. */
  log?: Log;
}

export const defaults = {
  name: 'default',
  maxBodyBytes: 4 * 1_024 * 1_024,
  trustedProxies: 0,
  replays: 'skip',
  tests: false,
  keepMs: 30 * 86_400_000,
} as const;

export const gapWaitOf = ({ order }: Pick<ReceiverOptions, 'order'>): number => (order || undefined)?.gapWaitMs ?? 30_000;
