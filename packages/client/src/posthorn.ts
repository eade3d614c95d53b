// The client of Posthorn's API.
import type {
  GetStatsQuery,
  InstallationStatus,
  ListWorstEndpointsQuery,
  Meta,
  RetrySimulation,
  SearchHit,
  SearchHits,
  SearchQuery,
  ShapedBody,
  SimulateRetriesQuery,
  Stats,
  StreamQuery,
  TransformTest,
  WorstEndpointList,
} from './api-types.ts';
import type { Method } from './exchange.ts';
import { type Change, changes, type StreamOptions } from './live-stream.ts';
import { type CallOptions, type PosthornOptions, Requester, type RequestSpec } from './request.ts';
import { ApiKeys, PortalLinks } from './resources/access.ts';
import { AlertChannels, Alerts } from './resources/alerts.ts';
import { Deliveries } from './resources/deliveries.ts';
import { Endpoints } from './resources/endpoints.ts';
import { EventTypes, Filters } from './resources/event-types.ts';
import { Events } from './resources/events.ts';
import { AuditLog } from './resources/logs.ts';
import { Missed } from './resources/missed.ts';
import { Replays } from './resources/replays.ts';
import { Sandboxes } from './resources/sandboxes.ts';
import { Sessions } from './resources/sessions.ts';
import { Tenants } from './resources/tenants.ts';

/**
 * `Data`: the data of each event type, such as the `EventData` that `posthorn types` writes. Without it, any type and data.
 *
 * Every call takes options as its last argument: `signal`, `timeoutMs`, `retries`, `idempotencyKey`, `ifMatch`. It rejects with a
 * PosthornProblem if Posthorn refuses, and with a PosthornConnectionError if there is no answer.
 *
 * @example
 * const posthorn = new Posthorn({ url: 'https://hooks.example.com', apiKey: process.env.POSTHORN_API_KEY! });
 * await posthorn.events.send('acme', { type: 'order.created', data: { orderId: '1001' } });
 */
export class Posthorn<Data extends object = Record<string, unknown>> {
  readonly #api: Requester;
  readonly tenants: Tenants;
  readonly endpoints: Endpoints;
  readonly events: Events<Data>;
  readonly eventTypes: EventTypes;
  readonly filters: Filters;
  readonly deliveries: Deliveries;
  readonly replays: Replays;
  readonly missed: Missed;
  readonly sandboxes: Sandboxes;
  readonly alerts: Alerts;
  readonly alertChannels: AlertChannels;
  readonly apiKeys: ApiKeys;
  readonly portalLinks: PortalLinks;
  readonly sessions: Sessions;
  readonly auditLog: AuditLog;

  constructor(options: PosthornOptions) {
    const api = new Requester(options);
    this.#api = api;
    this.tenants = new Tenants(api);
    this.endpoints = new Endpoints(api);
    this.events = new Events(api);
    this.eventTypes = new EventTypes(api);
    this.filters = new Filters(api);
    this.deliveries = new Deliveries(api);
    this.replays = new Replays(api);
    this.missed = new Missed(api);
    this.sandboxes = new Sandboxes(api);
    this.alerts = new Alerts(api);
    this.alertChannels = new AlertChannels(api);
    this.apiKeys = new ApiKeys(api);
    this.portalLinks = new PortalLinks(api);
    this.sessions = new Sessions(api);
    this.auditLog = new AuditLog(api);
  }

  /** Finds deliveries, events and endpoints by id, and tenants, endpoints and event types by a part of their name. */
  async search(q: string, query: Omit<SearchQuery, 'q'> = {}, options?: CallOptions): Promise<SearchHit[]> {
    return (await this.#api.json<SearchHits>('GET', '/v1/search', { query: { ...query, q } }, options)).data;
  }

  /** Changes of deliveries and alerts as they happen. Connects again by itself. */
  stream(query: StreamQuery = {}, options: StreamOptions = {}): AsyncGenerator<Change, void, undefined> {
    return changes(this.#api, query, options);
  }

  /** Of all tenants together. */
  stats(query: GetStatsQuery = {}, options?: CallOptions): Promise<Stats> {
    return this.#api.json('GET', '/v1/stats', { query: { ...query } }, options);
  }

  /** The endpoints that need attention, the worst first. */
  worstEndpoints(query: ListWorstEndpointsQuery = {}, options?: CallOptions): Promise<WorstEndpointList> {
    return this.#api.json('GET', '/v1/stats/endpoints', { query: { ...query } }, options);
  }

  /** Shows the body that a transform, or an endpoint, makes of an event. Stores and sends nothing. */
  testTransform(test: TransformTest, options?: CallOptions): Promise<ShapedBody> {
    return this.#api.json('POST', '/v1/transforms/test', { body: test }, options);
  }

  /** How the installation is doing. */
  status(options?: CallOptions): Promise<InstallationStatus> {
    return this.#api.json('GET', '/v1/status', {}, options);
  }

  /** When an event is delivered that is accepted while its endpoint is down, by the usual schedule or by one to try out. */
  simulateRetries(query: SimulateRetriesQuery, options?: CallOptions): Promise<RetrySimulation> {
    return this.#api.json('GET', '/v1/retry-schedule/simulate', { query: { ...query } }, options);
  }

  /** Its version, and the addresses that its requests come from. */
  meta(options?: CallOptions): Promise<Meta> {
    return this.#api.json('GET', '/v1/meta', {}, options);
  }

  /** A GET whose answer is read while it arrives, such as a stream of `readEvents`. The timeout is over when it begins. */
  open(path: string, spec: RequestSpec = {}, options?: CallOptions): Promise<Response> {
    return this.#api.stream(path, spec, options);
  }

  /** Any request to the API, such as to a path that this version of the client does not know. Resolves to its JSON. */
  request<T = unknown>(method: Method, path: string, spec: RequestSpec = {}, options?: CallOptions): Promise<T> {
    return this.#api.json(method, path, spec, options);
  }
}
