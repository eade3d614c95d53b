// `posthorn event-types`: the catalogue of event types.
import type { Command } from 'commander';
import { jsonOf, objectOf, wholeNumber } from '../connection/given.ts';
import { connected } from '../connection/session.ts';
import { allFields } from '../terminal/fields.ts';
import { column, inPath, type ListOptions, limitOf, listCommand } from './listing.ts';

interface EventType {
  name: string;
  description: string;
  group: string | null;
  validation: string;
}
interface Settings {
  description?: string;
  group?: string;
  schema?: string;
  validation?: string;
  data?: string;
}

const path = (name: string) => `/v1/event-types/${inPath(name)}`;

export function addEventTypeCommands(program: Command): void {
  const group = program.command('event-types').alias('event-type').description('the catalogue of event types');
  listCommand(group, 'list event types')
    .option('--search <text>', 'only with this text')
    .action(
      connected(async ({ api, output }, { search, ...options }: ListOptions & { search?: string }) => {
        const columns = [
          column<EventType>('NAME', 'name'),
          column<EventType>('GROUP', 'group'),
          column<EventType>('VALIDATION', 'validation'),
          column<EventType>('DESCRIPTION', 'description'),
        ];
        await output.list(api.list<EventType>('/v1/event-types', { search }, limitOf(options)), {
          columns,
          empty: 'The catalogue is empty.',
        });
      }),
    );
  group
    .command('show <name>')
    .description('show an event type with its versions')
    .action(
      connected(async ({ api, output }, name: string) => {
        const type = await api.get<EventType>(path(name));
        await output.show(type, allFields(type));
      }),
    );
  addChanges(group);
}

function addChanges(group: Command): void {
  withSettings(group.command('create <name>').description('add an event type')).action(
    connected(async ({ api, output }, name: string, settings: Settings) => {
      const type = await api.post<EventType>('/v1/event-types', { name, ...bodyOf(settings) });
      await output.show(type, allFields(type));
    }),
  );
  withSettings(group.command('update <name>').description('change an event type')).action(
    connected(async ({ api, output }, name: string, settings: Settings) => {
      const type = await api.patch<EventType>(path(name), bodyOf(settings));
      await output.show(type, allFields(type));
    }),
  );
  group
    .command('add-version <name> <version>')
    .description('add a version with its schema')
    .requiredOption('--schema <json>', 'JSON Schema, as JSON or @file')
    .action(
      connected(async ({ api, output }, name: string, version: string, { schema }: { schema: string }) => {
        const body = { version: wholeNumber(version), schema: jsonOf(schema, '--schema') };
        const made = await api.post<object>(`${path(name)}/versions`, body);
        await output.show(made, allFields(made));
      }),
    );
  group
    .command('delete <name>')
    .description('delete an event type')
    .action(
      connected(async ({ api, output }, name: string) => {
        await api.delete(path(name));
        output.note(`${name} is deleted.`);
      }),
    );
}

function withSettings(command: Command): Command {
  return command
    .option('--description <text>', 'description')
    .option('--group <name>', 'group')
    .option('--schema <json>', 'JSON Schema of its first version, as JSON or @file')
    .option('--validation <mode>', 'off, warn or reject')
    .option('-d, --data <json>', 'other fields of the API as JSON, @file or - for standard input');
}

function bodyOf({ data, schema, ...settings }: Settings): object {
  return { ...objectOf(data, '--data'), ...settings, ...(schema !== undefined && { schema: jsonOf(schema, '--schema') }) };
}
