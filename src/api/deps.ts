// What the API needs from the rest of the process.
import type { Express } from 'express';
import type { Contents } from '../contents.ts';
import type { Acceptance, EventToAccept } from '../db/accept.ts';
import type { Audit } from '../db/audit.ts';
import type { KeyStore } from '../db/key-rotation.ts';
import type { OrderResult } from '../db/orders.ts';
import type { ScopedDb } from '../db/tenant-scope.ts';
import type { Verifying } from '../db/verifications.ts';
import type { Order } from '../domain/delivery.ts';
import type { Lanes } from '../domain/lane.ts';
import type { SigningKey } from '../domain/signing-keys.ts';
import type { VerificationMethod } from '../domain/verification.ts';
import type { SetGate } from '../lanes/set-gate.ts';
import type { SkipHead } from '../lanes/skip-head.ts';
import type { Logger } from '../logger.ts';
import type { Vault } from '../vault.ts';
import type { Access } from './access.ts';

export interface ApiDeps {
  db: ScopedDb;
  /** Whether PostgreSQL answers. Never rejects. */
  storeUp(): Promise<boolean>;
  log: Logger;
  vault: Vault;
  contents: Contents;
  access: Access;
  /** Scheme, host and port under which this server is reached. */
  publicOrigin: string;
  /** Null: no Web UI is known, deliveries carry no link to it. */
  temporalUiUrl: string | null;
  temporalNamespace: string;
  checkUrl(url: string): { ok: true; url: URL } | { ok: false; reason: string };
  /** Resolves when the events are committed. `tenantId`: the tenant of this key is to be this one still. */
  accept(tenant: string, events: EventToAccept[], tenantId?: string): Promise<Acceptance[] | 'unknown_tenant'>;
  /** Changes the row and tells its workflow. Null: no such delivery. */
  giveOrder(deliveryId: string, order: Order, audit?: Audit): Promise<Pick<OrderResult, 'obeyed' | 'status' | 'obstacle'> | null>;
  /** To be told what was parked, and of what matters to a lane. */
  lanes: Lanes;
  setGate: SetGate;
  skipHead: SkipHead;
  verification: {
    /** Of endpoints that are made without a word of it. */
    usual: VerificationMethod;
    /** Has the endpoint asked, durably. Never rejects. */
    begin(of: Verifying): Promise<void>;
  };
  /** Where requests to endpoints come from, as the operator says. */
  egressIps: string[];
  keyStore: KeyStore;
  /** Has a workflow follow the rotation that brought this signing key. Never rejects. */
  followKey(key: SigningKey): Promise<void>;
  /** Rows may have become due. */
  sweepSoon(): void;
  /** Prometheus' page of this process. */
  metrics(): Promise<{ type: string; text: string }>;
  /** As this process sees it: too many events wait, of all or of so many tenants. */
  refusing(): { all: boolean; tenants: number };
  /** Takes a second at most. */
  temporalAway(): Promise<boolean>;
  /** Not ready yet: what this start makes is not all there. Left out: it makes nothing. */
  starting?(): boolean;
  /** Adds what else this server serves, before the 404. */
  mount?(app: Express): void;
  /** The page at `/`, as HTML. */
  home?(): string;
}
