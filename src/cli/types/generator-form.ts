// Rewrites a JSON Schema 2020-12 into the form that the generator of TypeScript understands. It knows the keywords of draft 7, and
// follows references by pointer only.
import { localRef } from '#domain/schemas/schema-refs';
import { isObject, type JsonObject, mapSchema, walkSchema } from '#domain/schemas/schema-walk';

export function generatorForm(schema: JsonObject): JsonObject {
  // numbers that JavaScript cannot hold may be objects here
  const copy = JSON.parse(JSON.stringify(schema)) as JsonObject;
  const anchors = anchorsIn(copy);
  const { title: _title, ...form } = mapSchema(copy, (part) =>
    oneTypeEach(withoutPatterns(withItems(withPointer(part, copy, anchors)))),
  ) as JsonObject;
  if (typeof form.$ref !== 'string') return form;
  // the generator cannot read a root that is only a reference to a part with a reference to itself
  const { $ref, allOf, ...root } = form;
  return { ...root, allOf: [{ $ref }, ...(Array.isArray(allOf) ? allOf : [])] };
}

function anchorsIn(root: JsonObject): Map<string, string> {
  const anchors = new Map<string, string>();
  for (const { schema, pointer } of walkSchema(root))
    if (isObject(schema))
      for (const name of [schema.$anchor, schema.$dynamicAnchor]) if (typeof name === 'string') anchors.set(name, pointer);
  return anchors;
}

/** References by anchor or by the `$id` of the schema become pointers. */
function withPointer({ $id: _id, $dynamicRef, ...part }: JsonObject, root: JsonObject, anchors: Map<string, string>): JsonObject {
  const ref = part.$ref ?? $dynamicRef;
  if (typeof ref !== 'string') return part;
  const local = localRef(ref, root) ?? ref;
  const pointer = anchors.get(local.slice(1));
  return { ...part, $ref: pointer === undefined ? local : `#${pointer}` };
}

/** Tuples as JSON Schema had them before 2020-12. */
function withItems({ prefixItems, items, ...part }: JsonObject): JsonObject {
  if (!Array.isArray(prefixItems)) return items === undefined ? part : { ...part, items };
  return { ...part, items: prefixItems, additionalItems: items ?? true };
}

/** TypeScript has one type for all other fields of an object, which must also fit the named ones. */
function withoutPatterns(part: JsonObject): JsonObject {
  const { patternProperties, additionalProperties } = part;
  if (!isObject(part.properties) || !(isObject(patternProperties) || isObject(additionalProperties))) return part;
  const { patternProperties: _dropped, ...rest } = part;
  return { ...rest, additionalProperties: true };
}

const structural = ['properties', 'required', 'additionalProperties', 'patternProperties', 'items'];

/** The generator would let an object or null be an object only. */
function oneTypeEach(part: JsonObject): JsonObject {
  const { type, description, $defs, ...rest } = part;
  if (!Array.isArray(type) || type.length < 2 || 'enum' in part || 'const' in part || !structural.some((name) => name in part)) return part;
  const anyOf = type.map((one) => (one === 'object' || one === 'array' ? { ...rest, type: one } : { type: one }));
  return { anyOf, ...(description !== undefined && { description }), ...($defs !== undefined && { $defs }) };
}
