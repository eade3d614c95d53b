// Body formats: how an event is written into the request for an endpoint.
import { z } from 'zod';

export const bodyFormats = ['standard', 'raw', 'cloudevents', 'cloudevents-binary', 'form', 'xml'] as const;
export type BodyFormat = (typeof bodyFormats)[number];

/** Formats that can carry several events in one request. */
const batchedFormats: readonly BodyFormat[] = ['standard', 'cloudevents'];

export const bodyFormat = z
  .enum(bodyFormats)
  .describe(
    'format of the request body. standard: type, timestamp and data as JSON; raw: only data; cloudevents: CloudEvents 1.0, structured mode; ' +
      'cloudevents-binary: CloudEvents 1.0, binary mode (attributes as headers, data as the body); form: data flattened to form fields; xml: data as XML elements',
  );

/** `isWhole`: a transform makes the whole body. */
export function formatProblems({
  format,
  batch,
  isWhole,
}: {
  format: BodyFormat;
  batch: unknown;
  isWhole: boolean;
}): { path: string; message: string }[] {
  if (isWhole && format !== 'standard')
    return [{ path: 'transform', message: `makes the whole body, so it cannot be combined with format ${format}: use standard` }];
  if (isWhole && batch != null) return [{ path: 'transform', message: 'cannot be combined with batch: its body is made of one event' }];
  if (batch == null || batchedFormats.includes(format)) return [];
  return [{ path: 'format', message: `${format} cannot be combined with batch: use ${batchedFormats.join(' or ')}` }];
}
