// `posthorn alerts`: what needs somebody.
import type { Command } from 'commander';
import { connected } from '../connection/session.ts';
import { allFields } from '../terminal/fields.ts';
import { column, inPath, type ListOptions, limitOf, listCommand, statusColumn } from './listing.ts';

interface Alert {
  id: string;
  kind: string;
  severity: string;
  state: string;
  title: string;
  count: number;
  openedAt: string;
}
interface Filters extends ListOptions {
  tenant?: string;
  kind?: string;
  state?: string;
}

export function addAlertCommands(program: Command): void {
  const group = program.command('alerts').alias('alert').description('what needs somebody');
  listCommand(group, 'list alerts')
    .option('-t, --tenant <id>', 'only of this tenant')
    .option('--kind <kind>', 'only of this kind')
    .option('--state <state>', 'open, acknowledged or closed')
    .action(
      connected(async ({ api, output }, { tenant, kind, state, ...options }: Filters) => {
        await output.list(api.list<Alert>('/v1/alerts', { tenant, kind, state }, limitOf(options)), {
          columns,
          empty: 'There are no such alerts.',
        });
      }),
    );
  group
    .command('show <alert>')
    .description('show an alert')
    .action(
      connected(async ({ api, output }, id: string) => {
        const alert = await api.get<Alert>(`/v1/alerts/${inPath(id)}`);
        await output.show(alert, allFields(alert));
      }),
    );
  group
    .command('acknowledge <alert>')
    .alias('ack')
    .description('say that somebody works on it')
    .action(
      connected(async ({ api, output }, id: string) => {
        const alert = await api.post<Alert>(`/v1/alerts/${inPath(id)}/acknowledge`);
        await output.show(alert, allFields(alert));
      }),
    );
}

const columns = [
  column<Alert>('ID', 'id'),
  statusColumn<Alert>('SEVERITY', ({ severity }) => severity),
  column<Alert>('STATE', 'state'),
  column<Alert>('KIND', 'kind'),
  column<Alert>('TITLE', 'title'),
  column<Alert>('OPENED', 'openedAt'),
];
