// Gives schemas their names in the OpenAPI document, and names to their parts: an enumeration in a field is named after the
// whole and the field.
import { z } from 'zod';

type Schema = z.core.$ZodType;

/** Gives each schema one name, and each name to one schema. */
export class SchemaNames {
  readonly #names = new Map<Schema, string>();
  readonly #owners = new Map<string, Schema>();

  /** A schema that has a name keeps it. */
  add(schema: Schema, suggested: string): void {
    if (this.of(schema) !== undefined) return;
    const name = z.globalRegistry.get(schema)?.id ?? suggested;
    if (this.#owners.has(name)) throw new Error(`two schemas would be named ${name}: give one of them a name with .meta({ id })`);
    this.#names.set(schema, name);
    this.#owners.set(name, schema);
  }

  /** Undefined: it has none of its own. */
  of(schema: Schema): string | undefined {
    return this.#names.get(schema);
  }

  entries(): Iterable<[Schema, string]> {
    return this.#names;
  }

  /** Names the parts of all named schemas. Call it when the wholes have their names, which may be parts of others. */
  namePartsOfAll(): void {
    // those that are added meanwhile come, too
    for (const [schema, name] of this.#names) this.nameParts(schema, name);
  }

  /** Names what is within a schema: objects, choices of texts, and unions of objects. */
  nameParts(schema: Schema, prefix: string): void {
    for (const [part, suffix] of partsOf(defOf(schema))) this.#namePart(part, prefix + suffix);
  }

  #namePart(schema: Schema, name: string): void {
    if (hasName(schema, this.#names)) return;
    const def = defOf(schema);
    if (deservesName(def)) this.add(def.type === 'enum' ? rootOf(schema) : schema, name);
    else this.nameParts(schema, def.element ? singular(name) : name);
  }
}

/** The parts of zod's definitions that are looked at here. */
interface Def {
  type: string;
  shape?: Record<string, Schema>;
  entries?: Record<string, string>;
  options?: Schema[];
  discriminator?: string;
  innerType?: Schema;
  element?: Schema;
  keyType?: Schema;
  valueType?: Schema;
  out?: Schema;
}

/** A schema with another description is a clone of its parent, and refers to it in the document. */
function hasName(schema: Schema, names: ReadonlyMap<Schema, string>): boolean {
  for (let one: Schema | undefined = schema; one; one = one._zod.parent) if (names.has(one)) return true;
  return false;
}

/** The schema that this one differs from only in its description, and that others may share. */
function rootOf(schema: Schema): Schema {
  return schema._zod.parent ? rootOf(schema._zod.parent) : schema;
}

function deservesName({ type, entries, options, keyType }: Def): boolean {
  if (type === 'object' || (keyType && defOf(keyType).type === 'enum')) return true;
  if (type === 'enum') return Object.keys(entries ?? {}).length > 1;
  return type === 'union' && (options ?? []).filter((option) => defOf(option).type === 'object').length > 1;
}

function defOf(schema: Schema): Def {
  return schema._zod.def as unknown as Def;
}

function partsOf({ shape, options, discriminator, innerType, element, valueType, out }: Def): [Schema, string][] {
  if (shape) return Object.entries(shape).map(([field, part]) => [part, capital(field)]);
  if (options) return options.map((option, index) => [option, options.length === 1 ? '' : optionName(option, discriminator, index)]);
  if (element) return [[element, '']];
  const inner = innerType ?? valueType ?? out;
  return inner ? [[inner, '']] : [];
}

/** After the value of the discriminator, or after the first field of the option. */
function optionName(option: Schema, discriminator: string | undefined, index: number): string {
  const { shape } = defOf(option);
  const [tag] = shape?.[discriminator ?? '']?._zod.values ?? [];
  if (typeof tag === 'string') return capital(tag);
  return capital(Object.keys(shape ?? {})[0] ?? String(index + 1));
}

/** @example singular('EndpointWarnings') // 'EndpointWarning' */
function singular(name: string): string {
  return name.replace(/ies$/, 'y').replace(/([^su])s$/, '$1');
}

export function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}
