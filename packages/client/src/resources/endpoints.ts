// posthorn.endpoints: where events of a tenant are sent to.
import { path } from '../address.ts';
import type {
  ChangePreview,
  ConformanceReport,
  ConformanceRequest,
  CreatedEndpoint,
  Endpoint,
  EndpointChange,
  EndpointSummary,
  GetStatsQuery,
  Lane,
  LaneQueues,
  ListEndpointsQuery,
  NewEndpoint,
  RetrySimulation,
  RotatedSecret,
  SearchEndpointsQuery,
  SecretRotation,
  Sequence,
  SigningSecretList,
  SimulateEndpointRetriesQuery,
  SkippedDeadLetter,
  Stats,
  TestEvent,
  TestFilterInput,
  TestFilterResult,
  TestPending,
  TestResult,
} from '../api-types.ts';
import { type List, listOf } from '../list.ts';
import type { CallOptions, Requester } from '../request.ts';

export class Endpoints {
  readonly #api: Requester;

  constructor(api: Requester) {
    this.#api = api;
  }

  /** The answer has the signing secret, which is shown only once. */
  create(tenant: string, endpoint: NewEndpoint, options?: CallOptions): Promise<CreatedEndpoint> {
    return this.#api.json('POST', path`/v1/tenants/${tenant}/endpoints`, { body: endpoint }, options);
  }

  list(tenant: string, query: ListEndpointsQuery = {}, options?: CallOptions): List<Endpoint> {
    return listOf(this.#api, path`/v1/tenants/${tenant}/endpoints`, { ...query }, options);
  }

  /** The endpoints of all tenants, each with its condition and figures. */
  search(query: SearchEndpointsQuery = {}, options?: CallOptions): List<EndpointSummary> {
    return listOf(this.#api, '/v1/endpoints', { ...query }, options);
  }

  get(endpoint: string, options?: CallOptions): Promise<Endpoint> {
    return this.#api.json('GET', path`/v1/endpoints/${endpoint}`, {}, options);
  }

  update(endpoint: string, change: EndpointChange, options?: CallOptions): Promise<Endpoint> {
    return this.#api.json('PATCH', path`/v1/endpoints/${endpoint}`, { body: change }, options);
  }

  /** What a change would do. Stores nothing. */
  preview(endpoint: string, change: EndpointChange, options?: CallOptions): Promise<ChangePreview> {
    return this.#api.json('POST', path`/v1/endpoints/${endpoint}/preview`, { body: change }, options);
  }

  delete(endpoint: string, options?: CallOptions): Promise<void> {
    return this.#api.json('DELETE', path`/v1/endpoints/${endpoint}`, {}, options);
  }

  /** When an event is delivered that is accepted while the endpoint is down. */
  simulateRetries(endpoint: string, query: SimulateEndpointRetriesQuery, options?: CallOptions): Promise<RetrySimulation> {
    return this.#api.json('GET', path`/v1/endpoints/${endpoint}/retry-schedule/simulate`, { query: { ...query } }, options);
  }

  /** Deliveries are held until it is resumed. */
  pause(endpoint: string, options?: CallOptions): Promise<Endpoint> {
    return this.#api.json('POST', path`/v1/endpoints/${endpoint}/pause`, {}, options);
  }

  resume(endpoint: string, options?: CallOptions): Promise<Endpoint> {
    return this.#api.json('POST', path`/v1/endpoints/${endpoint}/resume`, {}, options);
  }

  /** The answer has the new secret, which is shown only once. */
  rotateSecret(endpoint: string, rotation: SecretRotation = {}, options?: CallOptions): Promise<RotatedSecret> {
    return this.#api.json('POST', path`/v1/endpoints/${endpoint}/rotate-secret`, { body: rotation }, options);
  }

  /** The secrets that sign now, and until when. Their values are not shown. */
  secrets(endpoint: string, options?: CallOptions): Promise<SigningSecretList> {
    return this.#api.json('GET', path`/v1/endpoints/${endpoint}/secrets`, {}, options);
  }

  /** An earlier secret stops signing at once. */
  endSecret(endpoint: string, secret: string, options?: CallOptions): Promise<void> {
    return this.#api.json('DELETE', path`/v1/endpoints/${endpoint}/secrets/${secret}`, {}, options);
  }

  /** Sends one event to this endpoint only. The answer has its attempt, or a `note` if none was made in time. */
  test(endpoint: string, event: TestEvent = {}, options?: CallOptions): Promise<TestResult | TestPending> {
    // Posthorn waits for the endpoint: its timeout of at most 30 s, and 10 s more
    return this.#api.json('POST', path`/v1/endpoints/${endpoint}/test`, { body: event }, { timeoutMs: 60_000, ...options });
  }

  /** Whether an endpoint with this filter gets this event, and which part of the filter decides. */
  testFilter(tested: TestFilterInput, options?: CallOptions): Promise<TestFilterResult> {
    return this.#api.json('POST', '/v1/filters/test', { body: tested }, options);
  }

  verify(endpoint: string, options?: CallOptions): Promise<Endpoint> {
    return this.#api.json('POST', path`/v1/endpoints/${endpoint}/verify`, {}, options);
  }

  stats(endpoint: string, query: GetStatsQuery = {}, options?: CallOptions): Promise<Stats> {
    return this.#api.json('GET', path`/v1/endpoints/${endpoint}/stats`, { query: { ...query } }, options);
  }

  /** Why its deliveries are held, and how many. */
  lane(endpoint: string, options?: CallOptions): Promise<Lane> {
    return this.#api.json('GET', path`/v1/endpoints/${endpoint}/lane`, {}, options);
  }

  /** Sends requests that a correct receiver accepts or refuses, and scores its answers. Takes up to minutes. */
  checkConformance(endpoint: string, request: ConformanceRequest = {}, options?: CallOptions): Promise<ConformanceReport> {
    return this.#api.json('POST', path`/v1/endpoints/${endpoint}/conformance`, { body: request }, { timeoutMs: 600_000, ...options });
  }

  /** The report of the last check. */
  conformance(endpoint: string, options?: CallOptions): Promise<ConformanceReport> {
    return this.#api.json('GET', path`/v1/endpoints/${endpoint}/conformance`, {}, options);
  }

  /** The sequence numbers of an ordered endpoint. `orderingKey`: needed with ordering `key`. */
  sequence(endpoint: string, orderingKey?: string, options?: CallOptions): Promise<Sequence> {
    return this.#api.json('GET', path`/v1/endpoints/${endpoint}/sequence`, { query: { orderingKey } }, options);
  }

  /** What waits in each order of an ordered endpoint, and what blocks it. `after`: the `nextAfter` of the page before. */
  queues(endpoint: string, after?: string, options?: CallOptions): Promise<LaneQueues> {
    return this.#api.json('GET', path`/v1/endpoints/${endpoint}/queues`, { query: { after } }, options);
  }

  /** Skips the dead letter that blocks an ordered endpoint. */
  skipHead(endpoint: string, orderingKey?: string, options?: CallOptions): Promise<SkippedDeadLetter> {
    return this.#api.json('POST', path`/v1/endpoints/${endpoint}/skip-head`, { body: { orderingKey } }, options);
  }
}
