// What the imports from OpenAPI and AsyncAPI share.
import { eventTypeName } from '../events/event-type.ts';
import type { JsonObject } from '../schemas/schema-walk.ts';
import type { DocumentFault } from './catalogue-type.ts';

export function namesFault(name: string, pointer: string): DocumentFault[] {
  const read = eventTypeName.safeParse(name);
  return read.success ? [] : [{ pointer, message: `is not the name of an event type: ${read.error.issues[0]?.message ?? ''}` }];
}

const longest = 10_000;

/** The first of these fields that is text, unless it only repeats the name of the type. */
export function descriptionOf(name: string, from: JsonObject, ...fields: string[]): { description?: string } {
  const description = textOf(from, ...fields);
  return description === undefined || description === name ? {} : { description };
}

/** The first of these fields that is text. */
export function textOf(from: JsonObject, ...fields: string[]): string | undefined {
  const found = fields.map((field) => from[field]).find((value) => typeof value === 'string' && value !== '');
  return typeof found === 'string' ? found.slice(0, longest) : undefined;
}
