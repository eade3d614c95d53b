// Compares the limits of two schemas: bounds of numbers, lengths and counts, patterns and formats.
import { changeOf, type SchemaChange } from './schema-change.ts';
import type { JsonObject } from './schema-walk.ts';

const lowest = ['minimum', 'exclusiveMinimum', 'minLength', 'minItems', 'minProperties'];
const highest = ['maximum', 'exclusiveMaximum', 'maxLength', 'maxItems', 'maxProperties'];

export function limitChanges(was: JsonObject, is: JsonObject, path: string): SchemaChange[] {
  return [
    ...lowest.flatMap((keyword) => boundChanges(was, is, path, keyword, (old, now) => now > old)),
    ...highest.flatMap((keyword) => boundChanges(was, is, path, keyword, (old, now) => now < old)),
    ...multipleChanges(was, is, path),
    ...uniqueChanges(was, is, path),
    ...textChanges(was, is, path, 'pattern'),
    ...textChanges(was, is, path, 'format'),
  ];
}

type IsNarrower = (old: number, now: number) => boolean;

function boundChanges(was: JsonObject, is: JsonObject, path: string, keyword: string, isNarrower: IsNarrower): SchemaChange[] {
  const [old, now] = [was[keyword], is[keyword]];
  if (old === now) return [];
  const narrowed = typeof now === 'number' && (typeof old !== 'number' || isNarrower(old, now));
  return [changeOf(path, narrowed ? 'limit_narrowed' : 'limit_widened', `${keyword} was ${said(old)} and is ${said(now)}`)];
}

const said = (value: unknown) => (value === undefined ? 'not set' : String(JSON.stringify(value)).slice(0, 100));

function multipleChanges(was: JsonObject, is: JsonObject, path: string): SchemaChange[] {
  const [old, now] = [was.multipleOf, is.multipleOf];
  if (old === now) return [];
  const widened = typeof now !== 'number' || (typeof old === 'number' && Number.isInteger(old / now));
  return [changeOf(path, widened ? 'limit_widened' : 'limit_narrowed', `multipleOf was ${said(old)} and is ${said(now)}`)];
}

function uniqueChanges(was: JsonObject, is: JsonObject, path: string): SchemaChange[] {
  const [old, now] = [was.uniqueItems === true, is.uniqueItems === true];
  if (old === now) return [];
  return [changeOf(path, now ? 'limit_narrowed' : 'limit_widened', now ? 'items must be unique now' : 'items may repeat now')];
}

/** A receiver may rely on the form of a text, so a form that is given up breaks it. */
function textChanges(was: JsonObject, is: JsonObject, path: string, keyword: 'pattern' | 'format'): SchemaChange[] {
  const [old, now] = [was[keyword], is[keyword]];
  if (old === now) return [];
  const message = `${keyword} was ${said(old)} and is ${said(now)}`;
  if (now === undefined) return [changeOf(path, keyword === 'format' ? 'type_widened' : 'limit_widened', message)];
  if (old === undefined) return [changeOf(path, 'limit_narrowed', message)];
  return [changeOf(path, 'limit_narrowed', message), changeOf(path, 'type_widened', message)];
}
