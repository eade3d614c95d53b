// The dependencies of the API: what the rest of the process passes to its routes.
import type { Express } from 'express';
import type { Catalogue } from '#catalogue/catalogue';
import type { ConformanceWish } from '#conformance/run';
import type { StoredChannel } from '#db/alerts/channel-row';
import type { Audit } from '#db/audit/audit';
import type { CommandResult } from '#db/deliveries/commands';
import type { Missed } from '#db/deliveries/missed-lists';
import type { StoredEndpoint } from '#db/endpoints/endpoint-row';
import type { Verifying } from '#db/endpoints/verifications';
import type { Acceptance, EventToAccept } from '#db/events/acceptance';
import type { ContentEncryption } from '#db/keys/content-encryption';
import type { KeyStore } from '#db/keys/key-rotation';
import type { ReplayCommandResult } from '#db/replays/replay-commands';
import type { ReplayToCreate } from '#db/replays/replays';
import type { ScopedDb } from '#db/store/tenant-scope';
import type { Caller } from '#domain/access/access';
import type { ConformanceReport } from '#domain/conformance/conformance';
import type { Command } from '#domain/deliveries/delivery';
import type { RetryPolicy } from '#domain/deliveries/retry-schedule';
import type { ListenAnswer } from '#domain/endpoints/listen';
import type { SigningKey } from '#domain/endpoints/signing-keys';
import type { VerificationMethod } from '#domain/endpoints/verification';
import type { Lanes } from '#domain/lanes/lane';
import type { ReplayCommand } from '#domain/replays/replay';
import type { SetGate } from '#lanes/set-gate';
import type { SkipHead } from '#lanes/skip-head';
import type { Recall } from '#relay/recall';
import type { Logger } from '#runtime/logger';
import type { Vault } from '#sealing/vault';
import type { Feed } from '#stream/feed';
import type { RequestMetrics } from '#telemetry/request-metrics';
import type { Tracing } from '#tracing/tracing';
import type { Access } from '../access/access.ts';

export interface ApiDeps {
  db: ScopedDb;
  /** Whether PostgreSQL answers. Never rejects. */
  storeUp(): Promise<boolean>;
  log: Logger;
  vault: Vault;
  contents: ContentEncryption;
  access: Access;
  /** Scheme, host and port of this server as its clients see it. */
  publicOrigin: string;
  /** Null: no Web UI is configured, and deliveries have no link to it. */
  temporalUiUrl: string | null;
  temporalNamespace: string;
  checkUrl(url: string): { ok: true; url: URL } | { ok: false; reason: string };
  /**
   * Resolves when the events are committed. `tenant`: the producer's id. `tenantId`: if given, the tenant must still
   * have this internal id.
   */
  accept(tenant: string, events: EventToAccept[], tenantId?: string): Promise<Acceptance[] | 'unknown_tenant'>;
  /** Checks posted events, and is told of changes. */
  catalogue: Pick<Catalogue, 'check' | 'isSilent' | 'refresh'>;
  /** Changes the row of the delivery and signals its workflow. Null: no such delivery. */
  giveCommand(deliveryId: string, command: Command, audit?: Audit): Promise<Pick<CommandResult, 'obeyed' | 'status' | 'obstacle'> | null>;
  /** Recalls an event. Resolves when no request of it can begin any more. */
  recall: Recall;
  /** What endpoints missed. Reading it gives numbers to rows, so it is not bound to the read-only scope of a request. */
  missed: Missed;
  /** Each changes the row of the job, and starts or signals its workflow. Null: no such job. */
  replays: {
    create(replay: ReplayToCreate, audit: Audit): Promise<void>;
    command(replayId: string, command: ReplayCommand, audit: Audit): Promise<ReplayCommandResult | null>;
    /** `check` is called with the pace before, under the row's lock. */
    setPace(replayId: string, perSecond: number, audit: Audit, check?: (perSecond: number) => void): Promise<ReplayCommandResult | null>;
  };
  /** Receives notice of parked deliveries and of changes that concern a lane. */
  lanes: Lanes;
  setGate: SetGate;
  skipHead: SkipHead;
  verification: {
    /** The method for new endpoints that do not choose one. */
    usual: VerificationMethod;
    /** Starts the verification of an endpoint, durably. Never rejects. */
    begin(of: Verifying): Promise<void>;
  };
  /** The source addresses of requests to endpoints, as configured by the operator. */
  egressIps: string[];
  /** Of endpoints that have no own. */
  defaultRetry: RetryPolicy;
  /** How many days events are kept. */
  retentionDays: number;
  keyStore: KeyStore;
  /** Starts the workflow that completes the rotation to this signing key. Never rejects. */
  followKey(key: SigningKey): Promise<void>;
  /** Checks the receiver of an endpoint. Null: too many checks are in progress. */
  conformance(endpoint: StoredEndpoint, wish: ConformanceWish): Promise<ConformanceReport | null>;
  alertChannels: {
    /** Sends a test message and resolves to the answer. Throws ChannelRefused. */
    test(channel: StoredChannel): Promise<string>;
    /** Whether an SMTP server is configured. */
    hasMailer: boolean;
  };
  /** Runs the sweep soon, because rows may have become due. */
  sweepSoon(): void;
  /** The connections of `posthorn listen`. */
  listeners: {
    /** Resolves when the connection gets the requests of the endpoint, which the caller may listen to. */
    open(endpointId: string, caller: Caller, audit: Audit): Promise<AsyncIterable<string>>;
    /** False: no attempt waits for it. */
    answer(endpointId: string, requestId: string, answer: ListenAnswer): Promise<boolean>;
  };
  /** The live stream of this process. */
  feed: Feed;
  /** Counts requests. */
  requests: RequestMetrics;
  /** Absent: traces are off. */
  tracing?: Pick<Tracing, 'request'> | undefined;
  /** The Prometheus metrics of this process. `accept`: the header of the scraper. */
  metrics(accept?: string): Promise<{ type: string; text: string }>;
  /**
   * Backpressure as this process sees it: whether the events of all tenants are refused, and of how many single
   * tenants.
   */
  refusing(): { all: boolean; tenants: number };
  /** What is wrong with Temporal; null: nothing. Resolves within 2 s. */
  temporalTrouble(): Promise<string | null>;
  /** The same, with the milliseconds in which Temporal answered this process; null: it did not. Never rejects. */
  temporalHealth(): Promise<{ error: string | null; latencyMs: number | null }>;
  /** How many workers run in the installation. Absent: this process has one. */
  countWorkers?: () => Promise<number>;
  /** Whether Temporal answers the polls of this process's worker. Absent: it has none. */
  workerPolls?(): boolean;
  /** Whether the start still creates something, such as the first tenant. Absent: the start creates nothing. */
  starting?(): boolean;
  /** Whether this process was told to stop. Absent: never. */
  stopping?(): boolean;
  /** Mounts further handlers of this server, before the 404. */
  mount?(app: Express): void;
  /** The HTML page at `/`, or the address of another page that is shown in its place. */
  home?(): { html: string } | { location: string };
}
