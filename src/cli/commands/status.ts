// `posthorn status`: how the installation is doing.
import { setTimeout as delay } from 'node:timers/promises';
import type { Command } from 'commander';
import { PosthornConnectionError } from '#client';
import { connected, type Session } from '../connection/session.ts';
import { paint } from '../terminal/colour.ts';
import { type Field, fieldsText } from '../terminal/fields.ts';

interface Count {
  atLeast?: boolean;
}
interface Status {
  dispatch: string | null;
  waiting: Count & { events: number };
  held: Count & { deliveries: number };
  lanes: { awake: number; idle: number; blocked: number };
  refusing: { all: boolean; tenants: number };
  workers: number;
  warnings: { code: string; message: string }[];
}

const everyMs = 1_000;

export function addStatusCommand(program: Command): void {
  program
    .command('status')
    .description('show how the installation is doing')
    .option('-w, --watch', 'every second, until Ctrl-C')
    .action(
      connected(async (session, { watch = false }: { watch?: boolean }) => {
        if (!watch) return show(session, false);
        for (;;) {
          // a restart of the server is one of the things that somebody watches
          await show(session, true).catch((error: unknown) => {
            if (!(error instanceof PosthornConnectionError)) throw error;
            session.output.note(error.message);
          });
          await delay(everyMs);
        }
      }),
    );
}

async function show({ api, output }: Session, watch: boolean): Promise<void> {
  const status = await api.get<Status>('/v1/status');
  const clear = watch && output.options.isTerminal && !output.json ? '\u001b[H\u001b[2J' : '';
  const warnings = status.warnings.map(({ message }) => `${paint('warning', 'yellow', output.options.colours)}  ${message}\n`);
  await output.show(status, `${clear}${fieldsText(fieldsOf(api.url, status), output.options)}${warnings.join('')}`);
}

function fieldsOf(url: string, { dispatch, waiting, held, lanes, refusing, workers }: Status): Field[] {
  return [
    ['API', url],
    ['workers', workers, workers === 0 ? 'red' : 'green'],
    ['dispatch', dispatch],
    ['waiting', `${waiting.events}${waiting.atLeast ? ' or more' : ''} events`],
    ['held', `${held.deliveries}${held.atLeast ? ' or more' : ''} deliveries`],
    ['lanes', `${lanes.awake} sending, ${lanes.idle} idle, ${lanes.blocked} blocked`],
    [
      'refusing',
      refusing.all ? 'all events' : refusing.tenants > 0 ? `events of ${refusing.tenants} tenants` : 'nothing',
      refusing.all ? 'red' : undefined,
    ],
  ];
}
