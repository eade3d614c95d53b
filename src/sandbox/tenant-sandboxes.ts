// Test endpoints of tenants: they are stored, so that every API process sees the same. Called for
// each request to a sandbox whose id is one of theirs.
import type { SigningOf } from './check-signature.ts';
import type { RecordedRequest } from './recordings.ts';

/** One sandbox, opened for one request. */
export interface OpenSandbox {
  /** As the query of the URL has it, or as it is stored. */
  script: unknown;
  signingOf: SigningOf;
  /** Counts an attempt of an event and returns its number, from 1. */
  countAttempt(event: string): number | Promise<number>;
  record(request: RecordedRequest): void | Promise<void>;
}

/** Null: there is no such sandbox. Throws TooManyCalls, and what the store throws. */
export type OpenTenantSandbox = (sandboxId: string) => Promise<OpenSandbox | null>;
