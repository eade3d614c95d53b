// An event type in the HTML page: its description, its fields by schema, and an example.
import type { ConsumerDocument } from './document.ts';
import { asText, inline, table } from './page-parts.ts';

type DocumentedEvent = ConsumerDocument['events'][number];
interface Schema {
  type?: string | string[];
  format?: string;
  description?: string;
  enum?: unknown[];
  properties?: Record<string, Schema>;
  required?: string[];
  items?: Schema;
}

const deepest = 4;

export function eventSection({ type, group, description, subscribed, deprecatedAt, sunsetAt, versions }: DocumentedEvent): string {
  const facts = [
    group === null ? '' : asText(group),
    subscribed === null ? '' : subscribed ? 'your endpoint gets it' : 'your endpoint does not subscribe to it',
    deprecatedAt === null ? '' : `deprecated since ${asText(deprecatedAt.slice(0, 10))}`,
    sunsetAt === null ? '' : `ends on ${asText(sunsetAt.slice(0, 10))}`,
  ].filter(Boolean);
  return `<section id="event-${asText(type)}"><h3><code>${asText(type)}</code></h3>
${facts.length > 0 ? `<p class="note">${facts.join(' · ')}</p>` : ''}${description === '' ? '' : `<p>${inline(description)}</p>`}
${versions.map((version, index) => versionText(version, index > 0)).join('\n')}</section>`;
}

function versionText({ version, schema, example }: DocumentedEvent['versions'][number], isOld: boolean): string {
  const rows = typeof schema === 'object' && schema !== null ? fieldRows(schema as Schema, '', 0) : [];
  const text = [
    example === null ? '' : `<pre><code>${asText(JSON.stringify(example, null, 2))}</code></pre>`,
    rows.length > 0 ? table(['field of data', 'type', 'meaning'], rows) : '',
    schema === null
      ? ''
      : `<details><summary>JSON Schema</summary><pre><code>${asText(JSON.stringify(schema, null, 2))}</code></pre></details>`,
  ].join('\n');
  return isOld ? `<details><summary>Version ${version}</summary>${text}</details>` : `<p class="note">Version ${version}</p>${text}`;
}

function fieldRows(schema: Schema, prefix: string, depth: number): string[][] {
  const { properties, required = [] } = schema.items ?? schema;
  if (typeof properties !== 'object' || properties === null || depth > deepest) return [];
  return Object.entries(properties).flatMap(([name, field]) => {
    if (typeof field !== 'object' || field === null) return [];
    const path = `${prefix}${name}`;
    const isNeeded = Array.isArray(required) && required.includes(name);
    const row = [
      `<code>${asText(path)}</code>${isNeeded ? '' : ' (optional)'}`,
      typeText(field),
      typeof field.description === 'string' ? inline(field.description) : '',
    ];
    return [row, ...fieldRows(field, `${path}${field.items ? '[]' : ''}.`, depth + 1)];
  });
}

function typeText({ type, format, enum: values, items }: Schema): string {
  if (Array.isArray(values)) return values.map((value) => `<code>${asText(JSON.stringify(value))}</code>`).join(' ');
  if (items) return `list of ${typeText(items)}`;
  const names = type === undefined ? 'any' : [type].flat().join(' or ');
  return asText(format === undefined ? names : `${names} (${format})`);
}
