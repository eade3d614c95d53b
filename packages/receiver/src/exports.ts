// What both main entries export.
export type { AllowFrom } from './addresses.ts';
export { LeaseLost, Rejection, Unrecoverable } from './errors.ts';
export type { KeyOf, WebhookEvent } from './events.ts';
export { fetchReceiver } from './handlers/fetch.ts';
export type { AnyReceiver, FetchOptions } from './handlers/fetch-request.ts';
export type { PostgresClient } from './inbox/postgres.ts';
export type {
  Acceptance,
  Claimed,
  ClaimOptions,
  DeadLetter,
  DeadLetters,
  End,
  Gap,
  Inbox,
  InboxStore,
  NewItem,
  OpenInbox,
} from './inbox/store.ts';
export type { Log } from './log.ts';
export type { PassedGap, ReceiverOptions } from './options.ts';
export type { RateLimit } from './rate-limit.ts';
export type { Receiver } from './receiver.ts';
export type { ReceivedRequest, ReceiverAnswer } from './rejection.ts';
export type { FindHandler, Handler, HandlerContext } from './routes.ts';
export { ParsedBodyError, type VerificationFailure, WebhookVerificationError } from './verify/errors.ts';
export type { HeadersLike } from './verify/headers.ts';
export type { JwkSet, Secret } from './verify/keys.ts';
export type { Scheme } from './verify/scheme.ts';
export type { RawBody, SecretsGiven, VerifiedWebhook, VerifyOptions } from './verify/verification.ts';
