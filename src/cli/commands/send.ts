// `posthorn send` and `posthorn trigger`: post an event, of one's own data or of an example in the catalogue.
import type { Command } from 'commander';
import { PosthornProblem } from '#client';
import { commaList, jsonOf, wholeNumber } from '../connection/given.ts';
import { connected, type Session } from '../connection/session.ts';
import { CommandFailed } from '../terminal/exit-codes.ts';
import { inPath } from './listing.ts';

interface Options {
  tenant?: string;
  data?: string;
  id?: string;
  channels?: string[];
  orderingKey?: string;
  eventVersion?: number;
  deliverAt?: string;
  expiresAt?: string;
}

export function addSendCommands(program: Command): void {
  withOptions(program.command('send <type>').description('post an event'))
    .option('-d, --data <json>', 'its data as JSON, @file or - for standard input (default: {})')
    .action(
      connected(async (session, type: string, { data = '{}', ...options }: Options) =>
        post(session, type, jsonOf(data, '--data'), options),
      ),
    );
  withOptions(program.command('trigger <type>').description('post an example of the catalogue as an event'))
    .option('--example <number>', 'which example, from 1', wholeNumber, 1)
    .action(
      connected(async (session, type: string, { example, ...options }: Options & { example: number }) =>
        post(session, type, await exampleOf(session, type, options.eventVersion, example), options),
      ),
    );
}

function withOptions(command: Command): Command {
  return command
    .option('-t, --tenant <id>', 'the tenant')
    .option('--id <id>', 'your id of the event; the same again is no second event')
    .option('--channels <names>', 'its channels', commaList)
    .option('--ordering-key <key>', 'its ordering key')
    .option('--event-version <number>', 'version of the event type', wholeNumber)
    .option('--deliver-at <time>', 'not before this time')
    .option('--expires-at <time>', 'not after this time');
}

async function post(session: Session, type: string, data: unknown, { tenant, eventVersion, ...options }: Options): Promise<void> {
  const of = session.tenant(tenant);
  const body = { type, data, version: eventVersion, ...options };
  const accepted = await session.api.post<{ id: string; duplicate: boolean }>(`/v1/tenants/${inPath(of)}/events`, body);
  await session.output.show(accepted, accepted.id);
  session.output.note(
    accepted.duplicate
      ? 'It was accepted before.'
      : `Accepted. \`posthorn events show ${accepted.id} --tenant ${of}\` shows what became of it.`,
  );
}

/** An example of a version; undefined: the current one. */
async function exampleOf({ api }: Session, type: string, version: number | undefined, number: number): Promise<unknown> {
  const path = `/v1/event-types/${inPath(type)}`;
  const found = await api
    .get<{ examples: unknown[] }>(version === undefined ? path : `${path}/versions/${version}`)
    .catch((error: unknown) => {
      if (!(error instanceof PosthornProblem) || error.status !== 404) throw error;
      const what = version === undefined ? `event type ${type}` : `version ${version} of ${type}`;
      throw new CommandFailed(
        `The catalogue has no ${what}. \`posthorn event-types list\` shows what it has; \`posthorn send\` takes your own data.`,
      );
    });
  const { examples } = found;
  if (examples.length === 0)
    throw new CommandFailed(`${type} has no example in the catalogue. Add one, or use \`posthorn send\` with your own data.`);
  if (number < 1 || number > examples.length) throw new CommandFailed(`${type} has ${examples.length} examples.`);
  return examples[number - 1];
}
