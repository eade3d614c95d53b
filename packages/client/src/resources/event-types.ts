// posthorn.eventTypes: the catalogue of events, with their schemas. posthorn.filters: test a filter on content.
import { path } from '../address.ts';
import type {
  CataloguePlan,
  CatalogueToApply,
  CompareEventTypeResult,
  Converter,
  ConverterList,
  EventType,
  EventTypeChange,
  EventTypeSummary,
  EventTypeVersion,
  EventTypeVersionList,
  ExportCatalogueQuery,
  ExportCatalogueResult,
  Fixtures,
  GetEventTypeVersionChangesResult,
  ListEventTypesQuery,
  NewEventType,
  NewEventTypeVersion,
  PutEventTypeVersionResult,
  TestFilterInput,
  TestFilterResult,
} from '../api-types.ts';
import { type List, listOf } from '../list.ts';
import type { CallOptions, Requester } from '../request.ts';

export class EventTypes {
  readonly #api: Requester;

  constructor(api: Requester) {
    this.#api = api;
  }

  create(type: NewEventType, options?: CallOptions): Promise<EventType> {
    return this.#api.json('POST', '/v1/event-types', { body: type }, options);
  }

  list(query: ListEventTypesQuery = {}, options?: CallOptions): List<EventTypeSummary> {
    return listOf(this.#api, '/v1/event-types', { ...query }, options);
  }

  /** With the schema and the examples of its current version. */
  get(type: string, options?: CallOptions): Promise<EventType> {
    return this.#api.json('GET', path`/v1/event-types/${type}`, {}, options);
  }

  update(type: string, change: EventTypeChange, options?: CallOptions): Promise<EventType> {
    return this.#api.json('PATCH', path`/v1/event-types/${type}`, { body: change }, options);
  }

  delete(type: string, options?: CallOptions): Promise<void> {
    return this.#api.json('DELETE', path`/v1/event-types/${type}`, {}, options);
  }

  versions(type: string, options?: CallOptions): Promise<EventTypeVersionList> {
    return this.#api.json('GET', path`/v1/event-types/${type}/versions`, {}, options);
  }

  version(type: string, version: number, options?: CallOptions): Promise<EventTypeVersion> {
    return this.#api.json('GET', path`/v1/event-types/${type}/versions/${String(version)}`, {}, options);
  }

  /** What a stored version changed, compared with the one before or with `since`. */
  changes(type: string, version: number, since?: number, options?: CallOptions): Promise<GetEventTypeVersionChangesResult> {
    return this.#api.json('GET', path`/v1/event-types/${type}/versions/${String(version)}/changes`, { query: { since } }, options);
  }

  /** Adds a version, or replaces one by a compatible schema. */
  putVersion(type: string, version: NewEventTypeVersion, options?: CallOptions): Promise<PutEventTypeVersionResult> {
    return this.#api.json('POST', path`/v1/event-types/${type}/versions`, { body: version }, options);
  }

  /** What `putVersion` would do: stores nothing. */
  compare(type: string, version: NewEventTypeVersion, options?: CallOptions): Promise<CompareEventTypeResult> {
    return this.#api.json('POST', path`/v1/event-types/${type}/compare`, { body: version }, options);
  }

  /** Of all versions. */
  converters(type: string, options?: CallOptions): Promise<ConverterList> {
    return this.#api.json('GET', path`/v1/event-types/${type}/converters`, {}, options);
  }

  /** Adds or replaces the converter between two versions. */
  putConverter(type: string, converter: Converter, options?: CallOptions): Promise<Converter> {
    return this.#api.json('POST', path`/v1/event-types/${type}/converters`, { body: converter }, options);
  }

  deleteConverter(type: string, from: number, to: number, options?: CallOptions): Promise<void> {
    return this.#api.json('DELETE', path`/v1/event-types/${type}/converters/${String(from)}/${String(to)}`, {}, options);
  }

  /** Makes the catalogue what is given, or only says what that would change. */
  apply(catalogue: CatalogueToApply, options?: CallOptions): Promise<CataloguePlan> {
    return this.#api.json('POST', '/v1/catalogue', { body: catalogue }, options);
  }

  /** The whole catalogue as one document. */
  export(query: ExportCatalogueQuery = {}, options?: CallOptions): Promise<ExportCatalogueResult> {
    return this.#api.json('GET', '/v1/catalogue', { query: { ...query } }, options);
  }

  /** Signed sample requests for the tests of a consumer. */
  fixtures(type: string, version?: number, options?: CallOptions): Promise<Fixtures> {
    return this.#api.json('GET', path`/v1/event-types/${type}/fixtures`, { query: { version } }, options);
  }
}

export class Filters {
  readonly #api: Requester;

  constructor(api: Requester) {
    this.#api = api;
  }

  /** Whether an event matches a filter, and which part of the filter decides. */
  test(given: TestFilterInput, options?: CallOptions): Promise<TestFilterResult> {
    return this.#api.json('POST', '/v1/filters/test', { body: given }, options);
  }
}
