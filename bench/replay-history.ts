// Replays one workflow history with the workflow code of this clone, for a debugger: the file is
// the "Download" of the Web UI, or the output of `temporal workflow show --output json`.
import { readFileSync } from 'node:fs';
import { basename } from 'node:path';
import { DefaultLogger, Runtime, Worker } from '@temporalio/worker';
import { loadWorkflowBundle } from '#app/workflow-bundle';
import { parseHistory } from '../test/support/recorded-history.ts';

const [file] = process.argv.slice(2);
if (file === undefined) {
  process.stderr.write('Usage: node [--inspect-brk] bench/replay-history.ts <history.json>\n');
  process.exit(2);
}
Runtime.install({ logger: new DefaultLogger('WARN') });
try {
  await Worker.runReplayHistory(
    {
      workflowBundle: await loadWorkflowBundle(),
    },
    parseHistory(readFileSync(file, 'utf8')),
    basename(file, '.json'),
  );
  process.stdout.write('The workflow code takes the same way as the history.\n');
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : error}\n`);
  process.exit(1);
}
