// posthorn.deliveries: one event for one endpoint each; their attempts, and commands on them.
import { path } from '../address.ts';
import type {
  Attempt,
  AttemptDetails,
  Delivery,
  DeliveryExplanation,
  ExportDeliveriesQuery,
  GetUndeliveredQuery,
  ListAttemptsQuery,
  ListDeliveriesQuery,
  Undelivered,
} from '../api-types.ts';
import { type List, listOf } from '../list.ts';
import type { CallOptions, Requester } from '../request.ts';
import { type ExportLines, linesOf } from './logs.ts';

type Command = 'replay' | 'cancel' | 'retry-now' | 'release';

export interface CommandOptions extends CallOptions {
  /** Why you do this. It is stored in the audit log. */
  reason?: string;
}

export class Deliveries {
  readonly #api: Requester;

  constructor(api: Requester) {
    this.#api = api;
  }

  /** @example for await (const { id } of posthorn.deliveries.list({ tenant: 'acme', status: ['dead_lettered'] })) … */
  list(query: ListDeliveriesQuery = {}, options?: CallOptions): List<Delivery> {
    return listOf(this.#api, '/v1/deliveries', { ...query }, options);
  }

  get(delivery: string, options?: CallOptions): Promise<Delivery> {
    return this.#api.json('GET', path`/v1/deliveries/${delivery}`, {}, options);
  }

  attempts(delivery: string, query: ListAttemptsQuery = {}, options?: CallOptions): List<Attempt> {
    return listOf(this.#api, path`/v1/deliveries/${delivery}/attempts`, { ...query }, options);
  }

  /** With the body that was sent, and what a receiver would say of the signature. */
  attempt(delivery: string, attempt: string, options?: CallOptions): Promise<AttemptDetails> {
    return this.#api.json('GET', path`/v1/deliveries/${delivery}/attempts/${attempt}`, {}, options);
  }

  /** Where it stands and why, what happens next, and which commands it would obey now. */
  explain(delivery: string, options?: CallOptions): Promise<DeliveryExplanation> {
    return this.#api.json('GET', path`/v1/deliveries/${delivery}/explain`, {}, options);
  }

  /** All attempts that match, oldest first, as lines of JSON, or of CSV with `format: 'csv'`. */
  export(query: ExportDeliveriesQuery = {}, options?: CallOptions): ExportLines {
    return linesOf(this.#api, '/v1/deliveries/export', query, options);
  }

  /** How much of what is not delivered, by endpoint. */
  undelivered(query: GetUndeliveredQuery = {}, options?: CallOptions): Promise<Undelivered> {
    return this.#api.json('GET', '/v1/undelivered', { query: { ...query } }, options);
  }

  /** Delivers a dead letter or a succeeded delivery again. */
  replay(delivery: string, options?: CommandOptions): Promise<Delivery> {
    return this.#command(delivery, 'replay', options);
  }

  /** Stops a delivery that has not succeeded. */
  cancel(delivery: string, options?: CommandOptions): Promise<Delivery> {
    return this.#command(delivery, 'cancel', options);
  }

  /** Makes the next attempt at once. */
  retryNow(delivery: string, options?: CommandOptions): Promise<Delivery> {
    return this.#command(delivery, 'retry-now', options);
  }

  /** Lets the attempts of a quarantined delivery go on. */
  release(delivery: string, options?: CommandOptions): Promise<Delivery> {
    return this.#command(delivery, 'release', options);
  }

  #command(delivery: string, command: Command, { reason, ...options }: CommandOptions = {}): Promise<Delivery> {
    const spec = reason === undefined ? {} : { body: { reason } };
    return this.#api.json('POST', `${path`/v1/deliveries/${delivery}`}/${command}`, spec, options);
  }
}
