// The standard body around `data`. Documents for consumers describe the whole body; the catalogue has the schema of `data`.
import { isObject, type JsonObject } from '../schemas/schema-walk.ts';

/** The schema of the body of an event of this type. */
export function envelopeSchema(name: string, data: unknown): JsonObject {
  return {
    type: 'object',
    properties: {
      type: { const: name, description: 'The type of the event.' },
      timestamp: { type: 'string', format: 'date-time', description: 'When the event happened, in UTC.' },
      data: data ?? true,
    },
    required: ['type', 'timestamp', 'data'],
  };
}

const exampleTimestamp = '2026-03-02T09:15:00.000Z';

export const envelopeOf = (name: string, data: unknown) => ({ type: name, timestamp: exampleTimestamp, data });

/** The pointer of the schema of `data` if this is the schema of a body, else ''. */
export function dataPointer(schema: unknown): string {
  const properties = isObject(schema) ? schema.properties : undefined;
  return isObject(properties) && 'data' in properties && 'type' in properties ? '/properties/data' : '';
}

/** The `data` of an example: the example itself, unless it is a whole body. */
export function dataOfExample(example: unknown, isBody: boolean): unknown {
  return isBody && isObject(example) && 'data' in example ? example.data : example;
}

/** Extension that carries what OpenAPI and AsyncAPI have no field for. */
export const extensionName = 'x-posthorn';
