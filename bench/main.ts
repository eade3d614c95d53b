// `npm run bench`: measures Posthorn under load, each scenario in each dispatch mode on empty
// stores, and prints and saves a table. DATABASE_URL or TEMPORAL_ADDRESS select other servers,
// which are filled with data and whose cost is not measured.
import { execFileSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { parseArgs } from 'node:util';
import { idleScenario } from './idle.ts';
import { laneScenarios } from './lane-scenarios.ts';
import { machineFacts } from './machine.ts';
import { rotationScenario } from './rotation.ts';
import { run } from './run.ts';
import type { RunResult, Scenario } from './scenario.ts';
import { chosen, scenarios } from './scenarios.ts';
import type { Mode } from './stage.ts';
import { stormScenarios } from './storm.ts';
import { tableOf } from './table.ts';

const usage = `Usage: npm run bench -- [--scenario name …] [--mode individual|adaptive|batched …] [--quick] [--minutes n] [--out file.json]

  --scenario  burst, fan-out, rate-5, rate-50, rate-200, rate-10 (only when named; rate: all four), onset, failing, noisy, crash, workers-1, -2, -4 (workers: all three), soak
              (only when named); lane-rate, lane-ordered-keys, -one, lane-outage-plain, -keys, lane-noisy-2000, -20000, lane-fairness (lane: all of
              them; only when named); storm-one, storm-many, idle, rotation (only when named); may be repeated
  --mode      individual and adaptive by default; may be repeated
  --quick     a fifth of the events, and 10 s at each rate
  --minutes   duration of soak, and of the traffic before idle, 10 by default
  --out       output file, bench/results/<date>-<commit>.json by default`;

const modes: readonly Mode[] = ['individual', 'adaptive', 'batched'];
const timeoutMs = 10 * 60_000;

const say = (line: string) => process.stdout.write(`${line}\n`);

function readArguments() {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      scenario: { type: 'string', multiple: true, default: [] },
      mode: { type: 'string', multiple: true, default: ['individual', 'adaptive'] },
      quick: { type: 'boolean', default: false },
      minutes: { type: 'string', default: '10' },
      out: { type: 'string' },
      help: { type: 'boolean', default: false },
    },
  });
  const minutes = Number(values.minutes);
  if (positionals.length > 0 || values.help || !(minutes > 0 && minutes <= 60)) throw new Error(usage);
  const named = values.mode.map((name) => modes.find((mode) => mode === name));
  if (named.includes(undefined)) throw new Error(`unknown mode; the modes are ${modes.join(', ')}`);
  const wanted = chosen(
    [
      ...scenarios({ quick: values.quick, minutes }),
      ...laneScenarios({ quick: values.quick }),
      ...stormScenarios({ quick: values.quick }),
      idleScenario({ quick: values.quick, minutes }),
      rotationScenario({ quick: values.quick }),
    ],
    values.scenario,
  );
  return { wanted, modes: named.filter((mode) => mode !== undefined), quick: values.quick, out: values.out };
}

async function measure(wanted: readonly Scenario[], inModes: readonly Mode[], interrupted: AbortSignal): Promise<RunResult[]> {
  const results: RunResult[] = [];
  for (const scenario of wanted) {
    for (const mode of inModes) {
      if (interrupted.aborted) return results;
      const timeout = AbortSignal.timeout(timeoutMs + (scenario.extraMs ?? 0));
      try {
        const result = await run(scenario, mode, AbortSignal.any([interrupted, timeout]));
        results.push(result);
        say(`${tableOf([result]).split('\n')[2]}`);
      } catch (error) {
        say(`${scenario.name} ${mode}: ${error instanceof Error ? error.message : String(error)}`);
        process.exitCode = 1;
      }
    }
  }
  return results;
}

async function main(): Promise<void> {
  const { wanted, modes: inModes, quick, out } = readArguments();
  // as it is run in production
  execFileSync(process.execPath, [join(import.meta.dirname, '../bin/build.mjs')], { stdio: 'inherit' });
  const interrupting = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => interrupting.abort(new Error('interrupted')));
  const machine = machineFacts();
  const startedAt = new Date().toISOString();
  say(
    `${machine.cores} × ${machine.processor}, ${machine.memoryGiB} GiB, Node ${machine.node}, commit ${machine.commit}${machine.changed ? ' changed' : ''}`,
  );
  const results = await measure(wanted, inModes, interrupting.signal);
  if (results.length === 0) return;
  const file = out ?? join(import.meta.dirname, 'results', `${startedAt.slice(0, 16).replace(':', '')}-${machine.commit}.json`);
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, `${JSON.stringify({ startedAt, quick, machine, results }, null, 1)}\n`);
  say(`\n${tableOf(results)}\n\nsaved in ${file}`);
}

await main().catch((error) => {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
});
