// What the API needs from the rest of the process.
import type { Express } from 'express';
import type { Audit } from '#db/audit/audit';
import type { OrderResult } from '#db/deliveries/orders';
import type { Verifying } from '#db/endpoints/verifications';
import type { Acceptance, EventToAccept } from '#db/events/acceptance';
import type { ContentEncryption } from '#db/keys/content-encryption';
import type { KeyStore } from '#db/keys/key-rotation';
import type { ScopedDb } from '#db/store/tenant-scope';
import type { Order } from '#domain/delivery';
import type { Lanes } from '#domain/lane';
import type { SigningKey } from '#domain/signing-keys';
import type { VerificationMethod } from '#domain/verification';
import type { SetGate } from '#lanes/set-gate';
import type { SkipHead } from '#lanes/skip-head';
import type { Logger } from '#runtime/logger';
import type { Vault } from '#sealing/vault';
import type { Access } from '../access/access.ts';

export interface ApiDeps {
  db: ScopedDb;
  /** Whether PostgreSQL answers. Never rejects. */
  storeUp(): Promise<boolean>;
  log: Logger;
  vault: Vault;
  contents: ContentEncryption;
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
