// `npm run chaos`: the tests that kill, freeze and starve processes, at the times of production and
// with more rounds, again and again until the time is over or a test fails. Each round prints its
// seeds.
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { runWatched } from './run-watched.mjs';

const { values } = parseArgs({ options: { minutes: { type: 'string', default: '30' } } });
const endAt = Date.now() + Number(values.minutes) * 60_000;
const vitest = join(dirname(dirname(fileURLToPath(import.meta.url))), 'node_modules/vitest/vitest.mjs');
const files = ['test/chaos', ...['idle-race', 'order-chaos', 'rate', 'rest-race', 'stall'].map((name) => `test/lanes/${name}.test.ts`)];

process.env.POSTHORN_TEST_CHAOS = 'long';
let code = 0;
for (let round = 1; code === 0 && (round === 1 || Date.now() < endAt); round++) {
  process.stdout.write(`\n== round ${round}\n`);
  code = await runWatched(process.execPath, [vitest, 'run', '--bail', '1', ...files]);
}
process.exitCode = code;
