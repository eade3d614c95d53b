// `posthorn event-types`: the catalogue of event types.
import type { Command } from 'commander';
import type { TypeSummary, TypeView, VersionView } from '#domain/catalogue/event-type';
import { yamlText } from '../catalogue/document-file.ts';
import { type Conditional, commaList, ifMatchOption, jsonOf, objectOf, wholeNumber } from '../connection/given.ts';
import { connected, type Session } from '../connection/session.ts';
import { allFields, fieldsText } from '../terminal/fields.ts';
import { column, inPath, type ListOptions, limitOf, listCommand, statusColumn } from './listing.ts';

interface Filters extends ListOptions {
  search?: string;
  group?: string;
  owner?: string;
  tag?: string;
  state?: string;
}
interface Settings {
  description?: string;
  group?: string;
  owner?: string;
  tags?: string[];
  validation?: string;
  data?: string;
}
interface Content {
  schema?: string;
  examples?: string;
}

const path = (name: string) => `/v1/event-types/${inPath(name)}`;

export function addEventTypeCommands(program: Command): void {
  const group = program.command('event-types').alias('event-type').description('the catalogue of event types');
  listCommand(group, 'list event types')
    .option('--search <text>', 'only with this text in name or description')
    .option('--group <name>', 'only of this group')
    .option('--owner <name>', 'only of this owner')
    .option('--tag <tag>', 'only with this tag')
    .option('--state <state>', 'active, deprecated or sunset')
    .action(
      connected(async ({ api, output }, { limit, all, ...filters }: Filters) => {
        const items = api.list<TypeSummary>('/v1/event-types', { ...filters }, limitOf({ limit, all }));
        await output.list(items, { columns, empty: 'There are no such event types in the catalogue.' });
      }),
    );
  group
    .command('show <name> [version]')
    .description('show an event type with the schema and examples of a version; default: the current one')
    .action(connected(show));
  group
    .command('versions <name>')
    .description('list its versions')
    .action(
      connected(async ({ api, output }, name: string) => {
        const { data } = await api.get<{ data: VersionView[] }>(`${path(name)}/versions`);
        await output.list(data, { columns: versionColumns, empty: 'The event type has no version.' });
      }),
    );
  group
    .command('fixtures <name> [version]')
    .description('print signed sample requests for the tests of a consumer, as JSON')
    .action(
      connected(async ({ api, output }, name: string, version: string | undefined) => {
        await output.document(await api.get(`${path(name)}/fixtures`, { version }));
      }),
    );
  group
    .command('export')
    .description('print the catalogue as a file for `posthorn apply`, or as a document for consumers')
    .option('--format <format>', 'posthorn (a catalogue file), openapi or asyncapi', 'posthorn')
    .action(
      connected(async ({ api, output }, { format }: { format: string }) => {
        const document = await api.get<object>('/v1/catalogue', { format });
        await output.show(document, output.json ? '' : yamlText(document));
      }),
    );
  addChanges(group);
  addVersions(group);
}

const columns = [
  column<TypeSummary>('NAME', 'name'),
  statusColumn<TypeSummary>('STATE', ({ state }) => state),
  column<TypeSummary>('VERSIONS', 'versions'),
  column<TypeSummary>('VALIDATION', 'validation'),
  column<TypeSummary>('GROUP', 'group'),
  column<TypeSummary>('DESCRIPTION', 'description'),
];
const versionColumns = [
  column<VersionView>('VERSION', 'version'),
  { title: 'SCHEMA', of: ({ schema }: VersionView) => (schema === null ? 'none' : 'yes') },
  { title: 'EXAMPLES', of: ({ examples }: VersionView) => examples.length },
  column<VersionView>('CREATED', 'createdAt'),
];

async function show({ api, output }: Session, name: string, version: string | undefined): Promise<void> {
  const found = await api.get<TypeView | VersionView>(version === undefined ? path(name) : `${path(name)}/versions/${inPath(version)}`);
  const { schema, examples, ...facts } = found;
  const parts = [fieldsText(allFields(facts), output.options), `schema\n${JSON.stringify(schema, null, 2)}\n`];
  await output.show(found, [...parts, ...examples.map((one) => `example\n${JSON.stringify(one, null, 2)}\n`)].join('\n'));
}

function addChanges(group: Command): void {
  withContent(withSettings(group.command('create <name>').description('add an event type'))).action(
    connected(async ({ api, output }, name: string, { schema, examples, ...settings }: Settings & Content) => {
      const type = await api.post<TypeView>('/v1/event-types', { name, ...bodyOf(settings), ...contentOf({ schema, examples }) });
      await output.show(type, allFields(type));
    }),
  );
  withSettings(group.command('update <name>').description('change the settings of an event type'))
    .option(...ifMatchOption)
    .action(
      connected(async ({ api, output }, name: string, { ifMatch, ...settings }: Settings & Conditional) => {
        const type = await api.patch<TypeView>(path(name), bodyOf(settings), { ifMatch });
        await output.show(type, allFields(type));
      }),
    );
  group
    .command('delete <name>')
    .description('delete an event type with its versions')
    .action(
      connected(async ({ api, output }, name: string) => {
        await api.delete(path(name));
        output.note(`${name} is deleted.`);
      }),
    );
}

function addVersions(group: Command): void {
  for (const [name, route, description] of [
    ['put-version', 'versions', 'add a version, or replace one if the change is compatible; without a number, the next one'],
    ['compare', 'compare', 'say what put-version would do: what breaks, and whom it touches'],
  ] as const)
    withContent(group.command(`${name} <name> [version]`).description(description)).action(
      connected(async ({ api, output }, type: string, version: string | undefined, content: Content) => {
        const body = { ...(version !== undefined && { version: wholeNumber(version) }), ...contentOf(content) };
        const answer = await api.post<object>(`${path(type)}/${route}`, body);
        await output.show(answer, allFields(answer));
      }),
    );
}

function withSettings(command: Command): Command {
  return command
    .option('--description <text>', 'description')
    .option('--group <name>', 'group')
    .option('--owner <name>', 'who is responsible')
    .option('--tags <tags>', 'tags', commaList)
    .option('--validation <mode>', 'off, warn or reject')
    .option('-d, --data <json>', 'other fields of the API as JSON, @file or - for standard input');
}

function withContent(command: Command): Command {
  return command
    .option('--schema <json>', 'JSON Schema of the data, as JSON or @file')
    .option('--examples <json>', 'examples of the data: a JSON array, or @file');
}

function bodyOf({ data, ...settings }: Settings): object {
  return { ...objectOf(data, '--data'), ...settings };
}

function contentOf({ schema, examples }: Content): object {
  return {
    ...(schema !== undefined && { schema: jsonOf(schema, '--schema') }),
    ...(examples !== undefined && { examples: jsonOf(examples, '--examples') }),
  };
}
