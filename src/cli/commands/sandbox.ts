// `posthorn sandbox`: test endpoints, and what they received.
import type { Command } from 'commander';
import type { SandboxRequestView, SandboxView } from '#domain/sandbox/sandbox-endpoint';
import { commaList, objectOf } from '../connection/given.ts';
import { connected } from '../connection/session.ts';
import { allFields } from '../terminal/fields.ts';
import { column, inPath, type ListOptions, limitOf, listCommand, statusColumn } from './listing.ts';

interface Settings {
  tenant?: string;
  name?: string;
  script?: string;
  eventTypes?: string[];
  endpoint?: string;
}

export function addSandboxCommands(program: Command): void {
  const group = program.command('sandbox').description('test endpoints: receivers inside Posthorn, and what they received');
  addSandboxes(group);
  addRequests(group);
}

const pathOf = (id: string) => `/v1/sandbox-endpoints/${inPath(id)}`;
const pathIn = (tenant: string) => `/v1/tenants/${inPath(tenant)}/sandbox-endpoints`;

function addSandboxes(group: Command): void {
  listCommand(group, 'list the test endpoints of a tenant')
    .option('-t, --tenant <id>', 'the tenant')
    .action(
      connected(async (session, options: ListOptions & { tenant?: string }) => {
        const items = session.api.list<SandboxView>(pathIn(session.tenant(options.tenant)), {}, limitOf(options));
        const columns = [column<SandboxView>('ID', 'id'), column<SandboxView>('NAME', 'name'), column<SandboxView>('SCRIPT', 'script')];
        await session.output.list(items, { columns, empty: 'The tenant has no test endpoints.' });
      }),
    );
  group
    .command('create')
    .description('create a test endpoint; its secret is shown once')
    .option('-t, --tenant <id>', 'the tenant')
    .option('--name <name>', 'for people')
    .option('--script <script>', 'how it answers, such as 500,503,200')
    .option('--event-types <patterns>', 'only these event types, such as order.*', commaList)
    .option('--endpoint <json>', 'further settings of its endpoint: JSON, @file or - for standard input')
    .action(
      connected(async (session, { tenant, name, script, eventTypes, endpoint }: Settings) => {
        const settings = { ...objectOf(endpoint, '--endpoint'), ...(eventTypes && { eventTypes }) };
        const made = await session.api.post<SandboxView>(pathIn(session.tenant(tenant)), { name, script, endpoint: settings });
        await session.output.show(made, allFields(made));
      }),
    );
  group
    .command('delete <sandbox>')
    .description('delete a test endpoint, what it received, and its endpoint')
    .action(connected(({ api }, id: string) => api.delete(pathOf(id))));
}

function addRequests(group: Command): void {
  group
    .command('requests <sandbox>')
    .description('what it received, newest first, with the verdict on the signature')
    .option('--webhook-id <id>', 'only requests of this event')
    .action(
      connected(async ({ api, output }, id: string, { webhookId }: { webhookId?: string }) => {
        const columns = [
          column<SandboxRequestView>('RECEIVED', 'receivedAt'),
          statusColumn<SandboxRequestView>('SIGNATURE', ({ signature }) => signature),
          column<SandboxRequestView>('ANSWERED', 'statusAnswered'),
          column<SandboxRequestView>('ATTEMPT', 'attempt'),
          column<SandboxRequestView>('WEBHOOK-ID', 'webhookId'),
          column<SandboxRequestView>('BODY', 'body'),
        ];
        await output.list(api.list<SandboxRequestView>(`${pathOf(id)}/requests`, { webhookId }), {
          columns,
          empty: 'It has received nothing.',
        });
      }),
    );
  group
    .command('clear <sandbox>')
    .description('forget what it received, and begin its script again')
    .action(connected(({ api }, id: string) => api.delete(`${pathOf(id)}/requests`)));
}
