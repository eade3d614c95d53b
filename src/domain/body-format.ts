// How an event's body is written for an endpoint.
import { z } from 'zod';

export const bodyFormats = ['standard', 'raw', 'cloudevents', 'cloudevents-binary', 'form', 'xml'] as const;
export type BodyFormat = (typeof bodyFormats)[number];

/** Those in which several events go into one request. */
const batchedFormats: readonly BodyFormat[] = ['standard', 'cloudevents'];

export const bodyFormat = z
  .enum(bodyFormats)
  .describe(
    'how the body is written. standard: type, timestamp and data; raw: data alone; cloudevents: CloudEvents 1.0, structured; ' +
      'cloudevents-binary: its attributes as headers, data as the body; form: flattened, as of an HTML form; xml: as elements',
  );

export function formatProblems({ format, batch }: { format: BodyFormat; batch: unknown }): { path: string; message: string }[] {
  if (batch == null || batchedFormats.includes(format)) return [];
  return [{ path: 'format', message: `${format} cannot be batched: ${batchedFormats.join(' and ')} can` }];
}
