// posthorn.alerts and posthorn.alertChannels: what needs somebody's attention, and who is told of it.
import { path } from '../address.ts';
import type {
  Alert,
  AlertChannel,
  AlertChannelChange,
  AlertChannelTest,
  ListAlertChannelsQuery,
  ListAlertsQuery,
  NewAlertChannel,
} from '../api-types.ts';
import { type List, listOf } from '../list.ts';
import type { CallOptions, Requester } from '../request.ts';

export class Alerts {
  readonly #api: Requester;

  constructor(api: Requester) {
    this.#api = api;
  }

  list(query: ListAlertsQuery = {}, options?: CallOptions): List<Alert> {
    return listOf(this.#api, '/v1/alerts', { ...query }, options);
  }

  get(alert: string, options?: CallOptions): Promise<Alert> {
    return this.#api.json('GET', path`/v1/alerts/${alert}`, {}, options);
  }

  /** Says that somebody works on it. */
  acknowledge(alert: string, options?: CallOptions): Promise<Alert> {
    return this.#api.json('POST', path`/v1/alerts/${alert}/acknowledge`, {}, options);
  }
}

export class AlertChannels {
  readonly #api: Requester;

  constructor(api: Requester) {
    this.#api = api;
  }

  create(channel: NewAlertChannel, options?: CallOptions): Promise<AlertChannel> {
    return this.#api.json('POST', '/v1/alert-channels', { body: channel }, options);
  }

  list(query: ListAlertChannelsQuery = {}, options?: CallOptions): List<AlertChannel> {
    return listOf(this.#api, '/v1/alert-channels', { ...query }, options);
  }

  get(channel: string, options?: CallOptions): Promise<AlertChannel> {
    return this.#api.json('GET', path`/v1/alert-channels/${channel}`, {}, options);
  }

  update(channel: string, change: AlertChannelChange, options?: CallOptions): Promise<AlertChannel> {
    return this.#api.json('PATCH', path`/v1/alert-channels/${channel}`, { body: change }, options);
  }

  delete(channel: string, options?: CallOptions): Promise<void> {
    return this.#api.json('DELETE', path`/v1/alert-channels/${channel}`, {}, options);
  }

  /** Sends a test message, and resolves to what the other side answered. */
  test(channel: string, options?: CallOptions): Promise<AlertChannelTest> {
    return this.#api.json('POST', path`/v1/alert-channels/${channel}/test`, {}, { timeoutMs: 60_000, ...options });
  }
}
