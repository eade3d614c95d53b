// Stores and reads recorded histories: the server's JSON without the names of the recording
// machine, and with long payloads replaced.
import { execFile } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { History } from '@temporalio/common/lib/proto-utils.js';
import { findTemporalBinary } from '#embedded/temporal-binary';

const folder = join(import.meta.dirname, '..', 'histories');
const longestPayload = 4_000;

export interface RunToKeep {
  address: string;
  namespace: string;
  workflowId: string;
  /** Default: the last run. */
  runId?: string;
}

/** Stores a run's history, unless a file with that name exists. */
export async function keepHistory(name: string, { address, namespace, workflowId, runId }: RunToKeep): Promise<void> {
  const file = join(folder, `${name}.json`);
  if (existsSync(file)) return;
  const which = ['--workflow-id', workflowId, ...(runId ? ['--run-id', runId] : [])];
  const args = [
    'workflow',
    'show',
    ...which,
    '--output',
    'json',
    '--no-json-shorthand-payloads',
    '--address',
    address,
    '--namespace',
    namespace,
  ];
  const { stdout } = await promisify(execFile)(await findTemporalBinary(), args, { maxBuffer: 64 << 20 });
  writeFileSync(file, `${JSON.stringify(JSON.parse(stdout, withoutMachine), null, 1)}\n`);
}

export const readHistory = (file: string): History => parseHistory(readFileSync(join(folder, file), 'utf8'));

/** Reads the JSON that the Web UI and the `temporal` command write. */
export function parseHistory(text: string): History {
  return HistoryType.fromObject(JSON.parse(text, timesInParts));
}

// The SDK's reader of this JSON fails if npm installs several copies of protobufjs. The type itself reads everything
// except times.
const fromClient = createRequire(createRequire(import.meta.url).resolve('@temporalio/client'));
const HistoryType: { fromObject(json: object): History } = fromClient('@temporalio/proto').temporal.api.history.v1.History;

function timesInParts(_key: string, value: unknown): unknown {
  if (typeof value !== 'string') return value;
  const [, seconds, fraction = ''] = /^(\d+)(?:\.(\d{1,9}))?s$/.exec(value) ?? [];
  if (seconds) return { seconds, nanos: Number(fraction.padEnd(9, '0')) };
  const [, instant, part = ''] = /^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.(\d{1,9}))?Z$/.exec(value) ?? [];
  return instant ? { seconds: Date.parse(`${instant}Z`) / 1_000, nanos: Number(part.padEnd(9, '0')) } : value;
}

function withoutMachine(this: Record<string, unknown>, key: string, value: unknown): unknown {
  if (key === 'identity' || key === 'stackTrace') return '';
  if (key === 'name' && this.kind === 'TASK_QUEUE_KIND_STICKY') return 'sticky';
  if (key === 'data' && typeof value === 'string' && value.length > longestPayload) return Buffer.from('"long"').toString('base64');
  return value;
}
