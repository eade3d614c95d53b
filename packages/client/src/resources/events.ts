// posthorn.events: send events, and see what became of them.
import { path } from '../address.ts';
import type {
  AcceptedEvent,
  BatchResult,
  Event,
  EventDetails,
  Explanation,
  ExplanationPage,
  ListAllEventsQuery,
  ListEventsQuery,
  ListedEvent,
  Recall,
  RecallResult,
} from '../api-types.ts';
import { EventBatcher, type EventBatcherOptions } from '../event-batcher.ts';
import { type EventToSend, type PreparedEvent, prepareEvent, resultFor } from '../event-text.ts';
import { type List, listOf } from '../list.ts';
import type { CallOptions, Requester } from '../request.ts';

export class Events<Data extends object = Record<string, unknown>> {
  readonly #api: Requester;

  constructor(api: Requester) {
    this.#api = api;
  }

  /**
   * Resolves when the event is committed. Without an `id` it gets one, so retries store it once. Rejects with a
   * PosthornProblem: 409 if the `id` was used for another event, 422 with the invalid fields.
   */
  async send(tenant: string, event: EventToSend<Data>, options?: CallOptions): Promise<AcceptedEvent> {
    const prepared = prepareEvent(event);
    const spec = { text: prepared.text, eventIds: [prepared.id] };
    return resultFor(prepared, await this.#api.json<AcceptedEvent>('POST', path`/v1/tenants/${tenant}/events`, spec, options));
  }

  /** At most 1,000 events and 10 MiB, all or none. One result for each, in order; `conflict`: its id was used for another event. */
  sendBatch(tenant: string, events: readonly EventToSend<Data>[], options?: CallOptions): Promise<BatchResult[]> {
    return this.#sendPrepared(
      tenant,
      events.map((event) => prepareEvent(event)),
      options,
    );
  }

  /** Collects events and sends them in batches. Close it when you are done. */
  batcher(tenant: string, options?: EventBatcherOptions<Data>): EventBatcher<Data> {
    return new EventBatcher((events, call) => this.#sendPrepared(tenant, events, call), options);
  }

  async #sendPrepared(tenant: string, events: readonly PreparedEvent[], options?: CallOptions): Promise<BatchResult[]> {
    if (events.length === 0) return [];
    const spec = { text: `{"events":[${events.map(({ text }) => text).join(',')}]}`, eventIds: events.map(({ id }) => id) };
    const { results } = await this.#api.json<{ results: BatchResult[] }>('POST', path`/v1/tenants/${tenant}/events/batch`, spec, options);
    return results.map((result, index) => resultFor(events[index] as PreparedEvent, result));
  }

  /** Newest first, without their data. */
  list(tenant: string, query: ListEventsQuery = {}, options?: CallOptions): List<Event> {
    return listOf(this.#api, path`/v1/tenants/${tenant}/events`, { ...query }, options);
  }

  /** Of all tenants, newest first, without their data, each with the numbers of its deliveries by status. */
  listAll(query: ListAllEventsQuery = {}, options?: CallOptions): List<ListedEvent> {
    return listOf(this.#api, '/v1/events', { ...query }, options);
  }

  /** With its data and deliveries, and for each endpoint why it did or did not get the event. */
  get(tenant: string, event: string, options?: CallOptions): Promise<EventDetails> {
    return this.#api.json('GET', path`/v1/tenants/${tenant}/events/${event}`, {}, options);
  }

  /** For each endpoint of the tenant, or the one given: what became of the event, why, and what to do about it. */
  async *explain(tenant: string, event: string, endpoint?: string, options?: CallOptions): AsyncGenerator<Explanation, void, undefined> {
    let after: string | undefined;
    do {
      const query = { endpoint, after };
      const page = await this.#api.json<ExplanationPage>('GET', path`/v1/tenants/${tenant}/events/${event}/explain`, { query }, options);
      yield* page.data;
      after = page.nextAfter ?? undefined;
    } while (after !== undefined);
  }

  /** It is not sent any more, where it was not sent yet. */
  recall(tenant: string, event: string, recall: Recall = {}, options?: CallOptions): Promise<RecallResult> {
    return this.#api.json('POST', path`/v1/tenants/${tenant}/events/${event}/recall`, { body: recall }, options);
  }

  /** Erases the data of the event, and what endpoints answered to it. This cannot be undone. */
  erase(tenant: string, event: string, options?: CallOptions): Promise<void> {
    return this.#api.json('DELETE', path`/v1/tenants/${tenant}/events/${event}/content`, {}, options);
  }
}
