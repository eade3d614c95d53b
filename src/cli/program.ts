// The `posthorn` command line: all commands, with help, exit codes and completion. A group of commands is one file in
// `commands`.
import { Command, CommanderError } from 'commander';
import { version } from '#config/package';
import { addAlertCommands } from './commands/alerts.ts';
import { addApiCommand } from './commands/api.ts';
import { addApplyCommand } from './commands/apply.ts';
import { addConformanceCommand } from './commands/conformance.ts';
import { addDeliveryCommands } from './commands/deliveries.ts';
import { addEndpointCommands } from './commands/endpoints.ts';
import { addEventTypeCommands } from './commands/event-types.ts';
import { addEventCommands } from './commands/events.ts';
import { addFilterCommands } from './commands/filters.ts';
import { addListenCommand } from './commands/listen.ts';
import { addLoginCommands } from './commands/login.ts';
import { addMcpCommand } from './commands/mcp.ts';
import { addReplayCommands } from './commands/replays.ts';
import { addSandboxCommands } from './commands/sandbox.ts';
import { addSendCommands } from './commands/send.ts';
import { addStatusCommand } from './commands/status.ts';
import { addTenantCommands } from './commands/tenants.ts';
import { addTypesCommand } from './commands/types.ts';
import { addVerifyCommand } from './commands/verify.ts';
import { addCompletionCommand } from './completion.ts';
import { exitCodeOf, failureDocument, failureText } from './connection/failure.ts';
import { addServerCommands } from './server-commands.ts';
import { exitCodes, UsageError } from './terminal/exit-codes.ts';

const groups: [heading: string, add: ((program: Command) => void)[]][] = [
  ['Connect:', [addLoginCommands, addStatusCommand]],
  ['Try things out:', [addSendCommands, addListenCommand, addVerifyCommand, addConformanceCommand, addSandboxCommands]],
  [
    'Look and act:',
    [
      addTenantCommands,
      addEndpointCommands,
      addFilterCommands,
      addEventTypeCommands,
      addApplyCommand,
      addEventCommands,
      addDeliveryCommands,
      addReplayCommands,
      addAlertCommands,
      addApiCommand,
    ],
  ],
  ['Write code:', [addTypesCommand]],
  ['Assistants:', [addMcpCommand]],
  ['Shell:', [addCompletionCommand]],
];

const afterHelp = `
Where the API is and the key for it come from POSTHORN_URL and POSTHORN_API_KEY, else from a profile: \`posthorn login\` stores one,
and \`npm start\` the profile local.

Exit codes: 0 done, 1 refused or failed, 2 wrong usage, 3 not reachable, 4 not authorised. All commands: docs/cli.md`;

/** `writeErr`: takes what is wrong with the arguments, in pieces. */
export function createProgram(writeErr?: (text: string) => void): Command {
  const program = new Command('posthorn')
    .description('Webhook delivery that loses nothing.')
    .version(version, '-V, --version', 'print the version')
    .option('--json', 'print one JSON document, or one for each item of a list')
    .option('--profile <name>', 'use this profile, see `posthorn login`')
    .option('--no-color', 'print without colours')
    .helpOption('-h, --help', 'print this help')
    .showSuggestionAfterError()
    .configureHelp({ sortSubcommands: false, showGlobalOptions: true })
    .addHelpText('after', afterHelp)
    .exitOverride();
  if (writeErr) program.configureOutput({ writeErr });
  for (const [heading, adders] of groups) {
    program.commandsGroup(heading);
    for (const add of adders) add(program);
  }
  addServerCommands(program);
  return program;
}

/** Runs the command that `args` name, and sets the exit code. */
export async function runProgram(args: string[]): Promise<void> {
  const isJson = args.includes('--json');
  const pieces: string[] = [];
  const program = createProgram(isJson ? (text) => void pieces.push(text) : undefined);
  const print = (error: unknown) =>
    process.stderr.write(`${isJson ? JSON.stringify(failureDocument(error)) : `error: ${failureText(error)}`}\n`);
  try {
    await program.parseAsync(args, { from: 'user' });
  } catch (error) {
    if (!(error instanceof CommanderError)) {
      print(error);
      process.exitCode = exitCodeOf(error);
    } else if (error.exitCode !== 0) {
      if (isJson)
        print(
          new UsageError(
            pieces
              .join('')
              .replace(/^error: /, '')
              .trim(),
          ),
        );
      process.exitCode = exitCodes.wrongUsage;
    }
  }
}
