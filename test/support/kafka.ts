// A Kafka broker of its own for a test file, which may stop and start it: one process in KRaft mode. Its jars come from
// Maven Central, once, into the user's cache folder.
import { execFile } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { homedir, tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { promisify } from 'node:util';
import { makeOnce } from '#embedded/cached-files';
import { isPortFree } from '#embedded/free-port';
import { type SupervisedProcess, superviseProcess } from '#embedded/supervised-process';
import { fileOfPackage } from './debian.ts';
import { ownPort } from './own-port.ts';
import { until } from './until.ts';

const run = promisify(execFile);
const version = '4.1.0';
const javaOptions = ['-Xmx256m', '-Xshare:auto', '-XX:TieredStopAtLevel=1', '-XX:+UseSerialGC'];

export interface Kafka {
  /** host:port */
  broker: string;
  start(): Promise<void>;
  stop(): Promise<void>;
  close(): Promise<void>;
}

/** Resolves when the broker is ready. */
export async function startKafka(): Promise<Kafka> {
  const [java, jars] = [await findOrInstall('java', 'default-jre-headless'), await fetchJars()];
  const folder = mkdtempSync(join(tmpdir(), 'posthorn-kafka-'));
  const [port, controller] = [await ownPort(), await ownPort()];
  const settings = join(folder, 'server.properties');
  writeFileSync(settings, settingsOf(folder, port, controller));
  const args = [...javaOptions, '-cp', join(jars, '*')];
  await run(java, [...args, 'kafka.tools.StorageTool', 'format', '-t', 'MkU3OEVBNTcwNTJENDM2Qk', '-c', settings]);
  let running: SupervisedProcess | undefined;
  const start = async () => {
    const started = await superviseProcess({
      command: java,
      args: [...args, 'kafka.Kafka', settings],
      env: { PATH: process.env.PATH ?? '' },
      logFile: join(folder, 'log.txt'),
      stopSignal: 'SIGTERM',
    });
    running = started;
    await until('Kafka', async () => !started.isRunning() || !(await isPortFree(port)), 120_000);
    if (!started.isRunning()) throw new Error(`Kafka has ended: ${started.logTail()}`);
  };
  const stop = async () => running?.stop();
  await start();
  return {
    broker: `127.0.0.1:${port}`,
    start,
    stop,
    async close() {
      await stop();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

function settingsOf(folder: string, port: number, controller: number): string {
  return [
    'process.roles=broker,controller',
    'node.id=1',
    `controller.quorum.voters=1@127.0.0.1:${controller}`,
    `listeners=PLAINTEXT://127.0.0.1:${port},CONTROLLER://127.0.0.1:${controller}`,
    'controller.listener.names=CONTROLLER',
    `log.dirs=${join(folder, 'data')}`,
    'offsets.topic.replication.factor=1',
    'offsets.topic.num.partitions=1',
    'transaction.state.log.replication.factor=1',
    'transaction.state.log.min.isr=1',
    'transaction.state.log.num.partitions=1',
    'group.initial.rebalance.delay.ms=0',
  ].join('\n');
}

const findOrInstall = (program: string, name: string) =>
  fileOfPackage(
    name,
    (process.env.PATH ?? '').split(delimiter).map((folder) => join(folder, program)),
  );

async function fetchJars(): Promise<string> {
  const folder = join(process.env.XDG_CACHE_HOME || join(homedir(), '.cache'), `posthorn/kafka-${version}`);
  const jars = join(folder, 'jars');
  const isThere = async () => existsSync(jars);
  if (await isThere()) return jars;
  const maven = await findOrInstall('mvn', 'maven');
  const make = async (draft: string) => {
    writeFileSync(join(draft, 'pom.xml'), project);
    const goal = [
      '--batch-mode',
      '--quiet',
      'dependency:copy-dependencies',
      '-DincludeScope=runtime',
      `-DoutputDirectory=${join(draft, 'jars')}`,
    ];
    await run(maven, goal, { cwd: draft, timeout: 280_000 });
    return { jars: join(draft, 'jars') };
  };
  await makeOnce({ folder, what: 'Kafka', isThere, make, log: (line) => process.stderr.write(`${line}\n`) });
  return jars;
}

const project = `<project xmlns="http://maven.apache.org/POM/4.0.0">
  <modelVersion>4.0.0</modelVersion><groupId>posthorn</groupId><artifactId>test</artifactId><version>1</version>
  <dependencies>
    <dependency><groupId>org.apache.kafka</groupId><artifactId>kafka_2.13</artifactId><version>${version}</version></dependency>
  </dependencies>
</project>`;
