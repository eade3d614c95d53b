// The commands that run Posthorn and look after its stores. Each loads what it needs when it is called, because the other
// commands must start at once. Their exit codes are 0, 1 and 3, and 2 where their help says so.
import type { Command } from 'commander';
import type { Role } from './roles.ts';

type Main = (args: string[]) => Promise<void>;

export function addServerCommands(program: Command): void {
  program.commandsGroup('Run Posthorn (settings: docs/configuration.md):');
  program
    .command('start')
    .description('run API and worker together; start an embedded PostgreSQL or Temporal if DATABASE_URL or TEMPORAL_ADDRESS is not set')
    .option('--demo', 'also make an endpoint that fails twice, and a trickle of events')
    .action(({ demo = false }: { demo?: boolean }) => run('start', { demo }));
  program
    .command('server')
    .description('run only the API')
    .action(() => run('server'));
  program
    .command('worker')
    .description('run only the worker')
    .action(() => run('worker'));
  addMaintenance(program);
}

function addMaintenance(program: Command): void {
  program.commandsGroup('Look after the stores:');
  program
    .command('migrate')
    .description('bring the database schema up to date')
    .action(() => run('migrate'));
  program
    .command('keys')
    .description('show the status of the master keys (status), or re-encrypt everything with the first (rotate)')
    .argument('[command]', 'status or rotate')
    .action((word?: string) => run('keys', word === undefined ? {} : { word }));
  program
    .command('reconcile')
    .description('start every overdue delivery and lane at once')
    .action(() => run('reconcile'));
  passThrough(program, 'api-keys', 'create, list and revoke API keys in the database', apiKeys);
  passThrough(program, 'audit', 'verify or export the audit log (docs/audit.md)', audit);
  passThrough(program, 'doctor', 'check the installation, and say what to do (docs/doctor.md)', doctor);
  passThrough(program, 'ingest', "take in events from a producer's database, Kafka or RabbitMQ (docs/ingest.md)", ingest);
}

/** These read their arguments themselves. */
function passThrough(program: Command, name: string, description: string, main: Main): void {
  program
    .command(name)
    .description(description)
    .argument('[arguments...]')
    .allowUnknownOption()
    .helpOption(false)
    .action(() => main(process.argv.slice(process.argv.indexOf(name, 2) + 1)));
}

async function run(role: Role, options = {}): Promise<void> {
  const { runRole } = await import('./roles.ts');
  await runRole(role, options);
}

/** Resolves when standard output has taken the text, so that an export does not pile up in memory. */
const write = (text: string) =>
  new Promise<void>((resolve, reject) => process.stdout.write(text, (error) => (error ? reject(error) : resolve())));
const print = (line: string) => void process.stdout.write(`${line}\n`);

const doctor: Main = (args) =>
  explained(async () => {
    const { doctorCommand } = await import('./doctor.ts');
    process.exit(await doctorCommand(args, write));
  });

const audit: Main = (args) =>
  explained(async () => {
    const { auditCommand } = await import('./audit.ts');
    process.exit(await auditCommand(args, write));
  });

const apiKeys: Main = (args) =>
  explained(async () => {
    const [{ apiKeys: command }, { readConfig }] = await Promise.all([import('./api-keys.ts'), import('#config/config')]);
    await command(args, readConfig(), print);
  });

const ingest: Main = (args) =>
  explained(async () => {
    const { ingestCommand } = await import('./ingest.ts');
    await ingestCommand(args);
  });

/** Prints one message for an error, with `--json` as JSON, and sets the exit code. */
async function explained(work: () => Promise<void>): Promise<void> {
  try {
    await work();
  } catch (error) {
    const { exitCodeOf, printFailure } = await import('./failure-text.ts');
    printFailure(error, process.env.LOG_LEVEL ?? 'info');
    process.exitCode = exitCodeOf(error);
  }
}
