// A RabbitMQ of its own for a test file, which may stop and start it. It restarts on the same port with its data.
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type SupervisedProcess, superviseProcess } from '#embedded/supervised-process';
import { fileOfPackage } from './debian.ts';
import { ownPort } from './own-port.ts';
import { until } from './until.ts';

export interface RabbitMq {
  url: string;
  start(): Promise<void>;
  stop(): Promise<void>;
  close(): Promise<void>;
}

const libraries = '/usr/lib/rabbitmq/lib';

/** The script itself: Debian's wrapper changes the user. */
async function findServer(): Promise<string> {
  await fileOfPackage('rabbitmq-server', [libraries]);
  return join(libraries, readdirSync(libraries)[0] ?? '', 'sbin/rabbitmq-server');
}

/** Resolves when the server is ready. */
export async function startRabbitMq(): Promise<RabbitMq> {
  const server = await findServer();
  const folder = mkdtempSync(join(tmpdir(), 'posthorn-rabbitmq-'));
  const [port, distribution, names] = [await ownPort(), await ownPort(), await ownPort()];
  writeFileSync(join(folder, 'rabbitmq.conf'), `listeners.tcp.default = 127.0.0.1:${port}\nlog.console = true\nlog.file = false\n`);
  const env = {
    PATH: process.env.PATH ?? '',
    HOME: folder,
    RABBITMQ_NODENAME: `posthorn${port}@localhost`,
    RABBITMQ_CONF_ENV_FILE: '/dev/null',
    RABBITMQ_CONFIG_FILE: join(folder, 'rabbitmq.conf'),
    RABBITMQ_ENABLED_PLUGINS_FILE: join(folder, 'plugins'),
    RABBITMQ_MNESIA_BASE: join(folder, 'data'),
    RABBITMQ_LOG_BASE: join(folder, 'log'),
    RABBITMQ_PID_FILE: join(folder, 'pid'),
    RABBITMQ_DIST_PORT: String(distribution),
    RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS: '+S 1:1 +sbwt none',
    // a name server of its own: Erlang would start one that stays
    ERL_EPMD_PORT: String(names),
    ERL_EPMD_ADDRESS: '127.0.0.1',
  };
  const logFile = join(folder, 'log.txt');
  const epmd = await superviseProcess({ command: 'epmd', args: [], env, stopSignal: 'SIGTERM' });
  let running: SupervisedProcess | undefined;
  const start = async () => {
    rmSync(logFile, { force: true });
    const started = await superviseProcess({ command: server, args: [], env, logFile, stopSignal: 'SIGTERM' });
    running = started;
    const isReady = () => readFileSync(logFile, 'utf8').includes('Server startup complete');
    await until('RabbitMQ', () => isReady() || !started.isRunning(), 120_000);
    if (!isReady()) throw new Error(`RabbitMQ has ended: ${started.logTail()}`);
  };
  const stop = async () => running?.stop();
  await start();
  return {
    url: `amqp://guest:guest@127.0.0.1:${port}`,
    start,
    stop,
    async close() {
      await stop();
      await epmd.stop();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
