// The event of a row of a producer's outbox.
import type { ProducerRow } from '#db/ingest/producer-outbox';
import { maxEventBytes } from '#domain/events/event';
import { type PostableEvent, toPost, Unreadable } from './event-message.ts';

/** Throws Unreadable. The same row always gives the same text, so posting it again is a duplicate. */
export function readRow({ id, tenant, type, data, orderingKey, options }: ProducerRow): PostableEvent {
  if (tenant === null) throw new Unreadable('The row has no tenant, and POSTHORN_INGEST_TENANT is not set.');
  if (data === null) throw new Unreadable(`data is larger than ${maxEventBytes} bytes.`);
  const fields = {
    ...optionsOf(options),
    type,
    id,
    ...(orderingKey !== null && { orderingKey }),
  };
  return toPost(tenant, fields, data);
}

function optionsOf(text: string | null): object {
  if (text === null) throw new Unreadable(`options are larger than ${maxEventBytes} bytes.`);
  const options: unknown = JSON.parse(text);
  if (typeof options !== 'object' || options === null || Array.isArray(options)) throw new Unreadable('options must be an object.');
  if ('data' in options) throw new Unreadable('options must not have data: it is a column of its own.');
  return options;
}
