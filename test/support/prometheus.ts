// Debian's Prometheus: the server, and promtool. It is installed where that is possible, else the test says how.
import { execFile, spawn } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { fileOfPackage } from './debian.ts';
import { ownPort } from './own-port.ts';
import { until } from './until.ts';

const run = promisify(execFile);
/** Runs promtool in a folder and returns its output. Rejects, with the output, if it fails. */
export async function promtool(folder: string, ...args: string[]): Promise<string> {
  const program = await fileOfPackage('prometheus', ['/usr/bin/promtool']);
  const { stdout, stderr } = await run(program, args, { cwd: folder });
  return stdout + stderr;
}

interface Answer {
  status: string;
  error?: string;
  data?: { result: { metric: Record<string, string>; value: [number, string] }[] };
}

interface Exemplars {
  data: { exemplars: { labels: Record<string, string> }[] }[];
}

export interface Prometheus {
  /** The samples of an instant query. Throws Prometheus' own words if it cannot be parsed. */
  query(expression: string): Promise<{ metric: Record<string, string>; value: number }[]>;
  /** The traces that samples of this metric name; false: none yet. */
  exemplars(metric: string): Promise<string[] | false>;
  stop(): Promise<void>;
}

/** A Prometheus that scrapes this origin each second, with alerts of a rules file. */
export async function startPrometheus(origin: string, rules?: string): Promise<Prometheus> {
  const program = await fileOfPackage('prometheus', ['/usr/bin/prometheus']);
  const folder = await mkdtemp(join(tmpdir(), 'posthorn-prometheus-'));
  const config = {
    global: { scrape_interval: '1s', scrape_timeout: '1s', evaluation_interval: '1s' },
    rule_files: rules === undefined ? [] : [rules],
    scrape_configs: [{ job_name: 'posthorn', static_configs: [{ targets: [new URL(origin).host] }] }],
  };
  const file = join(folder, 'prometheus.yml');
  await writeFile(file, JSON.stringify(config)); // JSON is YAML
  const port = await ownPort();
  const args = [
    '--enable-feature=exemplar-storage',
    `--config.file=${file}`,
    `--storage.tsdb.path=${join(folder, 'data')}`,
    `--web.listen-address=127.0.0.1:${port}`,
  ];
  const server = spawn(program, args, { stdio: ['ignore', 'ignore', 'pipe'] });
  let said = '';
  server.stderr.on('data', (chunk) => {
    said += chunk;
  });
  const exited = new Promise<void>((resolve) => server.once('close', () => resolve()));
  const ask = (path: string) => fetch(`http://127.0.0.1:${port}${path}`);
  await until('Prometheus to start', async () => {
    if (server.exitCode !== null) throw new Error(`Prometheus has ended: ${said}`);
    return ask('/-/ready').then(
      ({ ok }) => ok,
      () => false,
    );
  });
  return {
    async query(expression) {
      const answer = await ask(`/api/v1/query?query=${encodeURIComponent(expression)}`);
      const { status, data, error } = (await answer.json()) as Answer;
      if (status !== 'success') throw new Error(`${expression}: ${error}`);
      return (data?.result ?? []).map((one) => ({
        ...one,
        value: Number(one.value[1]),
      }));
    },
    async exemplars(metric) {
      const [from, to] = [-60, 60].map((seconds) => Date.now() / 1_000 + seconds);
      const { data } = (await (await ask(`/api/v1/query_exemplars?query=${metric}&start=${from}&end=${to}`)).json()) as Exemplars;
      const traces = data.flatMap(({ exemplars }) => exemplars.map(({ labels }) => labels.trace_id ?? ''));
      return traces.length > 0 && traces;
    },
    async stop() {
      server.kill('SIGKILL');
      await exited;
      await rm(folder, { recursive: true, force: true });
    },
  };
}
