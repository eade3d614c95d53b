// `posthorn tenants`: customer accounts that own endpoints.
import type { Command } from 'commander';
import { type Conditional, ifMatchOption, objectOf, pairs, wholeNumber } from '../connection/given.ts';
import { connected } from '../connection/session.ts';
import { allFields } from '../terminal/fields.ts';
import { column, inPath, type ListOptions, limitOf, listCommand } from './listing.ts';

interface Tenant {
  id: string;
  name: string;
  maxEndpoints: number;
  createdAt: string;
}

interface Settings {
  name?: string;
  metadata?: Record<string, string>;
  maxEndpoints?: number;
  data?: string;
}

export function addTenantCommands(program: Command): void {
  const group = program.command('tenants').alias('tenant').description('customer accounts that own endpoints');
  listCommand(group, 'list tenants').action(
    connected(async ({ api, output }, options: ListOptions) => {
      const columns = [column<Tenant>('ID', 'id'), column<Tenant>('NAME', 'name'), column<Tenant>('CREATED', 'createdAt')];
      await output.list(api.list<Tenant>('/v1/tenants', {}, limitOf(options)), { columns, empty: 'There are no tenants.' });
    }),
  );
  group
    .command('show <tenant>')
    .description('show a tenant')
    .action(
      connected(async ({ api, output }, id: string) => {
        const tenant = await api.get<Tenant>(`/v1/tenants/${inPath(id)}`);
        await output.show(tenant, allFields(tenant));
      }),
    );
  addChanges(group);
}

function addChanges(group: Command): void {
  withSettings(group.command('create [id]').description('create a tenant; without an id, one is made')).action(
    connected(async ({ api, output }, id: string | undefined, settings: Settings) => {
      const tenant = await api.post<Tenant>('/v1/tenants', { id, name: settings.name ?? id, ...bodyOf(settings) });
      await output.show(tenant, allFields(tenant));
    }),
  );
  withSettings(group.command('update <tenant>').description('change a tenant'))
    .option(...ifMatchOption)
    .action(
      connected(async ({ api, output }, id: string, { ifMatch, ...settings }: Settings & Conditional) => {
        const tenant = await api.patch<Tenant>(`/v1/tenants/${inPath(id)}`, bodyOf(settings), { ifMatch });
        await output.show(tenant, allFields(tenant));
      }),
    );
  group
    .command('delete <tenant>')
    .description('delete a tenant with its endpoints')
    .action(
      connected(async ({ api, output }, id: string) => {
        await api.delete(`/v1/tenants/${inPath(id)}`);
        output.note(`${id} is deleted.`);
      }),
    );
}

function withSettings(command: Command): Command {
  return command
    .option('--name <text>', 'name')
    .option('--metadata <name=value>', 'metadata; can be repeated', pairs)
    .option('--max-endpoints <number>', 'how many endpoints it can have', wholeNumber)
    .option('-d, --data <json>', 'other fields of the API as JSON, @file or - for standard input');
}

function bodyOf({ data, ...settings }: Settings): object {
  return { ...objectOf(data, '--data'), ...settings };
}
