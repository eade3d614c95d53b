// The API reference as Markdown pages, one for each group of operations, from the OpenAPI document.
import { exampleBlock, fieldTable, type Schema, type Schemas, sharedName } from './schema-text.ts';

export interface Operation {
  operationId: string;
  summary: string;
  description?: string;
  tags?: string[];
  security?: Record<string, string[]>[];
  parameters?: Parameter[];
  requestBody?: { required?: boolean; content: Content };
  responses: Record<string, { description: string; content?: Content }>;
}
interface Parameter {
  name: string;
  in: string;
  required?: boolean;
  description?: string;
  schema: Schema;
}
type Content = Record<string, { schema?: Schema; example?: unknown; examples?: Record<string, { value: unknown }> }>;
export interface Document {
  tags?: { name: string; description?: string }[];
  paths: Record<string, Record<string, Operation>>;
  components: { schemas: Record<string, Schema> };
}
export interface Page {
  /** Below docs/. */
  path: string;
  title: string;
  text: string;
}

interface Placed {
  method: string;
  path: string;
  operation: Operation;
}

/** A page for each group, and the list of all operations. */
export function apiPages(document: Document): Page[] {
  const groups = Map.groupBy(operationsOf(document), groupOf);
  const schemas = { named: document.components.schemas, shared: sharedIn(document) };
  const pages = [...groups].map(([title, placed]) => ({
    path: `reference/api/${fileName(title)}.md`,
    title,
    text: [
      `# ${title}`,
      document.tags?.find(({ name }) => name === title)?.description ?? '',
      ...placed.map((one) => operationText(one, schemas)),
    ].join('\n\n'),
  }));
  return [{ path: 'reference/api/index.md', title: 'API', text: overview(groups) }, ...pages, objectsPage(schemas)];
}

/** Objects that several operations speak of are shown once. */
function sharedIn(document: Document): Set<string> {
  const counts = new Map<string, number>();
  for (const [, name = ''] of JSON.stringify(document).matchAll(/"#\/components\/schemas\/([\w.-]+)"/g))
    counts.set(name, (counts.get(name) ?? 0) + 1);
  return new Set([...counts].filter(([name, count]) => count > 1 && document.components.schemas[name]?.properties).map(([name]) => name));
}

function objectsPage(schemas: Schemas): Page {
  const sections = [...schemas.shared].sort().map((name) => {
    const schema = schemas.named[name] ?? {};
    return [
      `## ${name}`,
      escaped(schema.description ?? ''),
      fieldTable(schema, { ...schemas, shared: new Set([...schemas.shared].filter((one) => one !== name)) }),
    ]
      .filter(Boolean)
      .join('\n\n');
  });
  return {
    path: 'reference/api/objects.md',
    title: 'Objects',
    text: ['# Objects', 'What several operations take or answer.', ...sections].join('\n\n'),
  };
}

function operationsOf({ paths }: Document): Placed[] {
  return Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({ method: method.toUpperCase(), path, operation })),
  );
}

/** The tag, or else the thing that the path names. */
function groupOf({ path, operation: { tags } }: Placed): string {
  if (tags?.[0]) return tags[0];
  const words = path.split('/').filter((word) => word !== '' && word !== 'v1' && !word.startsWith('{'));
  const nested = ['events', 'endpoints', 'deliveries'].find((name) => words.includes(name));
  const word = nested ?? (path.startsWith('/v1/') ? (words[0] ?? 'server') : 'server');
  return word.charAt(0).toUpperCase() + word.slice(1).replaceAll('-', ' ');
}

const fileName = (title: string) =>
  title
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, '-')
    .replaceAll(/^-|-$/g, '');
const escaped = (text: string) => text.replaceAll(/[<>]/g, (char) => (char === '<' ? '&lt;' : '&gt;')).replaceAll('{{', '&#123;&#123;');

function overview(groups: Map<string, Placed[]>): string {
  const rows = [...groups].flatMap(([title, placed]) => [
    `## ${title}`,
    '',
    '| operation | |',
    '| --- | --- |',
    ...placed.map(
      ({ method, path, operation }) =>
        `| \`${method} ${path}\` | [${escaped(operation.summary)}](${fileName(title)}.md#op-${operation.operationId.toLowerCase()}) |`,
    ),
    '',
  ]);
  return [
    '# API',
    '',
    'JSON over HTTP, under `/v1`. Send the API key as `Authorization: Bearer <key>`. These pages are made from the same definitions as `/openapi.json`,',
    'which every Posthorn serves: use it to [generate a client](/clients.md). How errors look is in [errors](/reference/errors.md).',
    '',
    '- **Lists** take `?limit=` (at most 250) and `?cursor=`; follow `nextCursor` until it is null. Newest first.',
    '- **Retries** are safe: send `Idempotency-Key` with every POST, or your own `id` with an event.',
    '- **Unknown fields** are refused with 422, so a typing mistake does not pass in silence.',
    '',
    ...rows,
  ].join('\n');
}

function operationText({ method, path, operation }: Placed, schemas: Schemas): string {
  const { operationId, summary, description, security, parameters = [], requestBody, responses } = operation;
  const scope = security?.flatMap((one) => Object.values(one).flat())[0];
  return [
    `## ${escaped(summary)} {#op-${operationId.toLowerCase()}}`,
    `\`${method} ${path}\` · ${scope === undefined ? 'needs no key' : `scope \`${scope}\``} · \`${operationId}\``,
    description === undefined ? '' : escaped(description),
    parametersText(parameters, schemas),
    bodyText(requestBody, schemas),
    answersText(responses, schemas),
  ]
    .filter((part) => part !== '')
    .join('\n\n');
}

function parametersText(parameters: Parameter[], schemas: Schemas): string {
  if (parameters.length === 0) return '';
  const properties = Object.fromEntries(
    parameters.map(({ name, in: place, description, schema }) => [
      place === 'path' ? `{${name}}` : place === 'header' ? `${name}:` : `?${name}=`,
      { ...schema, ...(description && { description }) },
    ]),
  );
  const required = parameters.filter((one) => one.required).map(({ name }) => `{${name}}`);
  return fieldTable({ type: 'object', properties, required }, schemas);
}

function bodyText(body: Operation['requestBody'], schemas: Schemas): string {
  const content = body && Object.values(body.content)[0];
  if (!content?.schema) return '';
  return [`**Body**${body?.required === false ? ' (optional)' : ''}`, exampleBlock(content), fieldTable(content.schema, schemas)]
    .filter(Boolean)
    .join('\n\n');
}

function fieldsText(schema: Schema, schemas: Schemas): string {
  const name = sharedName(schema, schemas);
  return name === undefined ? fieldTable(schema, schemas) : `Fields: [${name}](/reference/api/objects.md#${name.toLowerCase()}).`;
}

function answersText(responses: Operation['responses'], schemas: Schemas): string {
  const fine = Object.entries(responses).filter(([status]) => status < '400');
  const problems = Object.keys(responses).filter((status) => status >= '400');
  const parts = fine.flatMap(([status, { description, content }]) => {
    const first = content && Object.values(content)[0];
    return [
      `**${status}** ${escaped(description)}`,
      first ? exampleBlock(first) : '',
      first?.schema ? fieldsText(first.schema, schemas) : '',
    ];
  });
  const refusals =
    problems.length > 0 ? `Can also answer ${problems.map((status) => `[${status}](/reference/errors.md#${status})`).join(' ')}.` : '';
  return [...parts, refusals].filter(Boolean).join('\n\n');
}
