// Checks a schema and its examples before they are stored: is it JSON Schema 2020-12 that Posthorn can compile, and do the
// examples match it?
import { Ajv2020, type ErrorObject } from 'ajv/dist/2020.js';
import { schemaFaults } from '#domain/schemas/schema-check';
import type { SchemaFault } from '#domain/schemas/schema-refs';
import { isObject } from '#domain/schemas/schema-walk';
import { formatNames } from './formats.ts';
import { patternFault } from './linear-patterns.ts';
import { compile } from './validator.ts';

export interface PlacedFault {
  /** Such as `schema/properties/total/type` or `examples[0]/total`. */
  path: string;
  message: string;
}

let meta: Ajv2020 | undefined;

/** Null and undefined: no schema, so any example is right. Empty: both are right. */
export function checkSchema(schema: unknown, examples: readonly unknown[]): PlacedFault[] {
  if (schema === undefined || schema === null) return [];
  const faults = schemaFaults(schema, { formats: formatNames, patternFault });
  const all = faults.length > 0 ? faults : metaFaults(schema);
  if (all.length > 0) return all.map(({ pointer, message }) => ({ path: `schema${pointer}`, message }));
  try {
    const validate = compile(schema);
    return examples.flatMap((example, index) =>
      validate(example).map(({ pointer, message }) => ({
        path: `examples[${index}]${pointer}`,
        message: `does not match the schema: ${message}`,
      })),
    );
  } catch (error) {
    // Ajv itself refuses it: a rule that the checks do not know
    return [{ path: 'schema', message: `cannot be compiled: ${(error as Error).message.slice(0, 300)}` }];
  }
}

function metaFaults(schema: unknown): SchemaFault[] {
  meta ??= new Ajv2020({ strict: false, allErrors: true, logger: false, validateFormats: false });
  if (meta.validateSchema(schema as object) === true) return [];
  const byPlace = Map.groupBy(meta.errors as ErrorObject[], ({ instancePath }) => instancePath);
  return [...byPlace].map(([pointer, errors]) => ({ pointer, message: metaMessage(schema, pointer, errors) }));
}

const typeNames = 'array, boolean, integer, null, number, object, string';

function metaMessage(schema: unknown, pointer: string, errors: readonly ErrorObject[]): string {
  if (pointer.endsWith('/type')) return `must be one of ${typeNames}, or a list of them`;
  const messages = errors.map(({ message, params }) =>
    isObject(params) && Array.isArray(params.allowedValues) ? `must be one of ${params.allowedValues.join(', ')}` : (message ?? ''),
  );
  return [...new Set(messages)].join('; ').slice(0, 300) || `is not valid JSON Schema (${typeof schema})`;
}
