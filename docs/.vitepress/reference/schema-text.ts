// JSON schemas and examples as Markdown: a table of fields, with those of inner objects below their own.
export interface Schema {
  $ref?: string;
  type?: string | string[];
  format?: string;
  description?: string;
  enum?: unknown[];
  const?: unknown;
  default?: unknown;
  items?: Schema;
  properties?: Record<string, Schema>;
  additionalProperties?: Schema | boolean;
  required?: string[];
  anyOf?: Schema[];
  oneOf?: Schema[];
  allOf?: Schema[];
  minimum?: number;
  maximum?: number;
  maxLength?: number;
  maxItems?: number;
}
export interface Schemas {
  named: Record<string, Schema>;
  /** Schemas that have a section of their own, which others link to. */
  shared: ReadonlySet<string>;
}

const deepest = 3;
const nameOf = ({ $ref }: Schema) => $ref?.split('/').at(-1);
const objectLink = (name: string) => `[${name}](/reference/api/objects.md#${name.toLowerCase()})`;

/** The name of the shared schema that this one stands for; undefined: it has fields of its own. */
export function sharedName(schema: Schema, { shared }: Schemas): string | undefined {
  const name = nameOf(schema);
  return name !== undefined && shared.has(name) ? name : undefined;
}

/** Empty for a schema without fields. */
export function fieldTable(schema: Schema, schemas: Schemas): string {
  const rows = rowsOf(schema, schemas, '', 0);
  if (rows.length === 0) return '';
  return ['| field | type | meaning |', '| --- | --- | --- |', ...rows].join('\n');
}

export function exampleBlock({ example, examples }: { example?: unknown; examples?: Record<string, { value: unknown }> }): string {
  const value = example ?? Object.values(examples ?? {})[0]?.value;
  if (value === undefined) return '';
  return typeof value === 'string' ? `\`\`\`text\n${value}\n\`\`\`` : `\`\`\`json\n${JSON.stringify(value, null, 2)}\n\`\`\``;
}

function rowsOf(given: Schema, schemas: Schemas, prefix: string, depth: number): string[] {
  const schema = resolved(given, schemas);
  if (depth > 0 && (sharedName(given, schemas) || (schema.items && sharedName(schema.items, schemas)))) return [];
  const inner = schema.items ? resolved(schema.items, schemas) : schema;
  const variants = [inner, ...(inner.anyOf ?? []), ...(inner.oneOf ?? []), ...(inner.allOf ?? [])].map((one) => resolved(one, schemas));
  const seen = new Set<string>();
  return variants.flatMap(({ properties = {}, required = [] }) =>
    Object.entries(properties).flatMap(([name, field]) => {
      if (seen.has(name)) return [];
      seen.add(name);
      const full = `${prefix}${name}`;
      const whole = { ...resolved(field, schemas), ...(field.description && { description: field.description }) };
      const row = `| \`${full}\`${required.includes(name) && prefix === '' ? ' *' : ''} | ${typeText(field, schemas)} | ${meaning(whole)} |`;
      const isList = whole.items !== undefined;
      return [
        row,
        ...(depth < deepest
          ? rowsOf({ ...whole, ...(field.$ref && { $ref: field.$ref }) }, schemas, `${full}${isList ? '[]' : ''}.`, depth + 1)
          : []),
      ];
    }),
  );
}

function resolved(schema: Schema, schemas: Schemas): Schema {
  const name = nameOf(schema);
  return name === undefined ? schema : { ...schemas.named[name], ...(schema.description && { description: schema.description }) };
}

function typeText(schema: Schema, schemas: Schemas): string {
  const { $ref, type, format, items, anyOf, oneOf, enum: values } = schema;
  const name = nameOf({ ...($ref && { $ref }) });
  if (name !== undefined) return schemas.shared.has(name) ? objectLink(name) : typeText(resolved(schema, schemas), schemas);
  if (schema.const !== undefined) return code(schema.const);
  if (values) return values.map(code).join(' ');
  const choices = anyOf ?? oneOf;
  if (choices) return [...new Set(choices.map((one) => typeText(one, schemas)))].join(' or ');
  if (items) return `list of ${typeText(items, schemas) || 'any'}`;
  const names = (Array.isArray(type) ? type : [type ?? 'any']).join(' or ');
  return format ? `${names} (${format})` : names;
}

const code = (value: unknown) => (value === null ? 'null' : `\`${String(value)}\``);

function meaning(schema: Schema): string {
  const { description = '', minimum, maximum, maxLength, maxItems } = schema;
  const limits = [
    minimum !== undefined && minimum > Number.MIN_SAFE_INTEGER ? `at least ${minimum}` : '',
    maximum !== undefined && maximum < Number.MAX_SAFE_INTEGER ? `at most ${maximum}` : '',
    maxLength === undefined ? '' : `at most ${maxLength} characters`,
    maxItems === undefined ? '' : `at most ${maxItems} items`,
    schema.default === undefined
      ? ''
      : `default ${code(typeof schema.default === 'object' ? JSON.stringify(schema.default) : schema.default)}`,
  ].filter(Boolean);
  return [cell(limits.length > 0 ? description.replace(/\.$/, '') : description), limits.join(', ')].filter(Boolean).join('; ');
}

/** One line, and no markup or cell of its own. */
function cell(text: string): string {
  return text
    .replaceAll(/\s*\n\s*/g, ' ')
    .replaceAll('|', '\\|')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('{{', '&#123;&#123;')
    .replaceAll(/\bdocs\/([\w/-]+)\.md\b/g, '[$1](/$1.md)');
}
