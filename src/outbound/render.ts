// Renders an event's body in the format of its endpoint (docs/formats.md). The result depends only
// on the stored bytes, so it is the same on every attempt and replay. CloudEvents (JSON format, HTTP
// binding): https://github.com/cloudevents/spec/tree/v1.0.2/cloudevents

import { formatHeaders, sourceOf } from '#domain/endpoints/request-headers';
import type { BodyFormat } from '#domain/events/body-format';
import { memberTexts } from '#domain/events/json-slices';
import type { EventParts } from './event-parts.ts';
import { formBody } from './render-form.ts';
import { xmlBody } from './render-xml.ts';

export interface EventToRender {
  /** The producer's id of the event. */
  id: string;
  tenantId: string;
  /** The stored bytes: the standard body. */
  body: Uint8Array;
}

export interface Rendered {
  body: Uint8Array;
  headers: Record<string, string>;
}

/** Throws `FormatError` when the format cannot hold the data. */
export function renderBody(format: BodyFormat, event: EventToRender): Rendered {
  if (format === 'standard') return { body: event.body, headers: formatHeaders(format) };
  const parts = partsOf(event);
  const headers = formatHeaders(format, { ...parts, tenantId: event.tenantId });
  switch (format) {
    case 'raw':
    case 'cloudevents-binary':
      return { body: Buffer.from(parts.data), headers };
    case 'cloudevents':
      return { body: Buffer.from(cloudEvent(parts)), headers };
    case 'form':
      return { body: Buffer.from(formBody(parts)), headers };
    case 'xml':
      return { body: Buffer.from(xmlBody(parts)), headers };
  }
}

function partsOf({ id, tenantId, body }: EventToRender): EventParts {
  const { members } = memberTexts(Buffer.from(body.buffer, body.byteOffset, body.byteLength).toString());
  const [type = '""', timestamp = '""', data = 'null'] = ['type', 'timestamp', 'data'].map((name) => members.get(name));
  return { id, source: sourceOf(tenantId), type: JSON.parse(type), timestamp: JSON.parse(timestamp), data };
}

function cloudEvent({ id, source, type, timestamp, data }: EventParts): string {
  const context = JSON.stringify({ specversion: '1.0', id, source, type, time: timestamp, datacontenttype: 'application/json' });
  return `${context.slice(0, -1)},"data":${data}}`;
}

/** The JSON array of a batch. Only for the formats in `batchedFormats`. */
export function renderBatch(format: BodyFormat, events: (EventToRender & { sequence: number | null })[]): Buffer {
  const separated = (parts: Uint8Array[], index: number) => [Buffer.from(index === 0 ? '[' : ','), ...parts];
  const elements = events.map((event) => (format === 'cloudevents' ? [renderBody('cloudevents', event).body] : standardElement(event)));
  return Buffer.concat([...elements.flatMap(separated), Buffer.from(']')]);
}

/** The event's stored bytes, unchanged, with its id in front, and its sequence number if the endpoint is ordered. */
function standardElement({ id, sequence, body }: EventToRender & { sequence: number | null }): Uint8Array[] {
  const numbered = sequence === null ? '' : `"sequence":${sequence},`;
  // without the opening brace of the stored body
  return [Buffer.from(`{"id":${JSON.stringify(id)},${numbered}`), body.subarray(1)];
}
