// Says what is wrong with the data of an event: where, what the schema demands there, and in the schema's own words.
import type { ErrorObject } from 'ajv';
import { percentDecoded } from '#domain/json-pointer';
import { isObject, pointerPart } from '#domain/schemas/schema-walk';

export interface Violation {
  /** JSON pointer within `data`; empty: `data` itself. */
  pointer: string;
  message: string;
  /** JSON pointer of the keyword within the schema. */
  schema: string;
}

const mostViolations = 50;
const longestPointer = 500;
const longestText = 300;

export function violationsOf(errors: readonly ErrorObject[]): Violation[] {
  // "must match then schema" repeats what the errors before it say
  const telling = errors.filter(({ keyword }) => keyword !== 'if');
  return (telling.length > 0 ? telling : errors).slice(0, mostViolations).map(violationOf);
}

function violationOf(error: ErrorObject): Violation {
  const { instancePath, schemaPath } = error;
  const below = memberOf(error);
  const words = wordsOf(error.parentSchema);
  const pointer = below === null ? instancePath : `${instancePath}/${pointerPart(below)}`;
  return {
    pointer: pointer.slice(0, longestPointer),
    message: `${demandOf(error)}${words === null ? '' : ` (${words})`}`,
    schema: decoded(schemaPath.replace(/^#/, '')).slice(0, longestPointer),
  };
}

/** Ajv escapes the keys of a path for URLs. */
const decoded = (path: string) => percentDecoded(path) ?? path;

/** The member that an error is about, where Ajv names only the object around it. */
function memberOf({ keyword, params }: ErrorObject): string | null {
  const name =
    params.missingProperty ??
    params.additionalProperty ??
    params.unevaluatedProperty ??
    (keyword === 'propertyNames' && params.propertyName);
  return typeof name === 'string' ? name : null;
}

function demandOf({ keyword, params, schema, message = 'does not match the schema' }: ErrorObject): string {
  switch (keyword) {
    case 'required':
    case 'dependentRequired':
      return 'is missing';
    case 'additionalProperties':
    case 'unevaluatedProperties':
      return 'is not allowed: the schema does not name it';
    case 'enum':
      return `must be one of ${shortened((schema as unknown[]).map((value) => JSON.stringify(value)).join(', '))}`;
    case 'const':
      return `must be ${shortened(JSON.stringify(params.allowedValue))}`;
    case 'type':
      return `must be ${[params.type].flat().join(' or ')}`;
    case 'false schema':
      return 'is not allowed';
    default:
      return shortened(message);
  }
}

function wordsOf(schema: unknown): string | null {
  if (!isObject(schema)) return null;
  const text = [schema.title, schema.description].find((one) => typeof one === 'string' && one.trim() !== '');
  return typeof text === 'string' ? `${JSON.stringify(shortened(text.trim()))}` : null;
}

const shortened = (text: string) => (text.length <= longestText ? text : `${text.slice(0, longestText).replace(/[\ud800-\udbff]$/, '')}…`);
