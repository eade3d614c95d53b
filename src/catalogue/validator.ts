// Compiles a JSON Schema 2020-12 into a function that validates the `data` of events. Numbers are compared as JSON.parse
// reads them, in double precision; what is delivered are the producer's bytes.
import { Ajv2020, type ErrorObject } from 'ajv/dist/2020.js';
import { localRef } from '#domain/schemas/schema-refs';
import { isObject, type JsonObject, mapSchema } from '#domain/schemas/schema-walk';
import { formats } from './formats.ts';
import { createStepCount, enumOf, type StepCount, stepKeyword, TooManySteps, uniqueItems } from './keywords.ts';
import { linearPattern, type Pattern } from './linear-patterns.ts';
import { type Violation, violationsOf } from './violations.ts';

/** Empty: `data` matches the schema. */
export type Validator = (data: unknown) => Violation[];

/** Keywords whose schema is applied once for each element or member of the data. */
const repeated = new Set([
  'items',
  'contains',
  'additionalProperties',
  'patternProperties',
  'propertyNames',
  'unevaluatedItems',
  'unevaluatedProperties',
]);
const definitions = new Set(['', '$defs', 'definitions']);

/** About as long as a step of the count takes. */
const charactersInStep = 32;

/** The engine for regular expressions, which counts what it searches. */
function engineOf({ take }: StepCount) {
  const engine = (source: string): Pattern => {
    const pattern = linearPattern(source);
    const test = (text: string) => {
      take(1 + text.length / charactersInStep);
      return pattern.test(text);
    };
    return { test, toString: pattern.toString };
  };
  return Object.assign(engine, { code: 'linearPattern' });
}

/** Only for a schema that `checkSchema` has accepted. An Ajv of its own, so that nothing of the schema outlives it. */
export function compile(schema: unknown): Validator {
  const steps = createStepCount();
  const ajv = new Ajv2020({
    strict: false,
    strictNumbers: true,
    allErrors: true,
    verbose: true,
    meta: false,
    validateSchema: false,
    logger: false,
    formats,
    keywords: [steps.keyword],
    code: { regExp: engineOf(steps) },
  });
  ajv.removeKeyword('uniqueItems').addKeyword(uniqueItems(steps.take));
  ajv.removeKeyword('enum').addKeyword(enumOf(steps.take));
  const isValid = ajv.compile(prepared(schema) as JsonObject | boolean);
  return (data) => {
    steps.start();
    try {
      return isValid(data) ? [] : violationsOf(isValid.errors as ErrorObject[]);
    } catch (error) {
      if (error instanceof TooManySteps || error instanceof RangeError) return [tooCostly];
      throw error;
    }
  };
}

const tooCostly: Violation = {
  pointer: '',
  message: 'takes too long to validate: its schema applies itself too often to this data',
  schema: '',
};

/** Counts steps where the schema is applied repeatedly, and drops the root's $id, so that references stay within it. */
function prepared(schema: unknown): unknown {
  const root = isObject(schema) ? schema : {};
  return mapSchema(schema, ({ $id: _id, $schema: _dialect, ...rest }, keyword) => {
    const counted = definitions.has(keyword) || repeated.has(keyword) || '$ref' in rest || '$dynamicRef' in rest;
    const ref = typeof rest.$ref === 'string' ? { $ref: localRef(rest.$ref, root) ?? rest.$ref } : {};
    return { ...rest, ...ref, ...(counted && { [stepKeyword]: true }) };
  });
}
