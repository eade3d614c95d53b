// `npm run bench`: measures Posthorn under load, each scenario in each dispatch mode on empty
// stores, and prints and saves a table. DATABASE_URL or TEMPORAL_ADDRESS select other servers,
// which are filled with data and whose cost is not measured.
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { parseArgs } from 'node:util';
import { canRunBeside, runBeside } from './beside.ts';
import { growthScenarios } from './growth.ts';
import { idleScenario } from './idle.ts';
import { laneScenarios } from './lane-scenarios.ts';
import { machineFacts } from './machine.ts';
import { build } from './posthorn.ts';
import { rotationScenario } from './rotation.ts';
import { run } from './run.ts';
import type { RunResult, Scenario } from './scenario.ts';
import { chosen, scenarios } from './scenarios.ts';
import type { Mode } from './stage.ts';
import { stormScenarios } from './storm.ts';
import { tableOf } from './table.ts';

const usage = `Usage: npm run bench -- [--scenario name …] [--mode individual|adaptive|batched …] [--quick] [--minutes n] [--beside command] [--out file.json]

  --scenario  burst, fan-out, rate-5, rate-50, rate-200, rate-10 (only when named; rate: all four), onset, failing, noisy, crash, workers-1, -2, -4 (workers: all three), soak, checked-burst
              (only when named); lane-rate, lane-ordered-keys, -one, lane-outage-plain, -keys, lane-noisy-2000, -20000, lane-fairness (lane: all of
              them; only when named); storm-one, -300, -many, idle, rotation (only when named); growth-tenants,
              -endpoints-10000-burst, -50, -fan-out-5000, -10000, -stored-burst, -50, -5, -waiting-100000, -retrying-100000 (growth: all of them; only when
              named, \`growth-\` may be left out; not in individual mode); may be repeated
  --mode      individual and adaptive by default; may be repeated
  --quick     a fifth of the events, and 10 s at each rate
  --minutes   duration of soak, and of the traffic before idle, 10 by default
  --beside    a command that starts another server, which gets the same events after each scenario that is only a stream of
              events; docs/performance-details.md has the protocol
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
      beside: { type: 'string' },
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
      ...growthScenarios({ quick: values.quick }),
      ...stormScenarios({ quick: values.quick }),
      idleScenario({ quick: values.quick, minutes }),
      rotationScenario({ quick: values.quick }),
    ],
    values.scenario,
  );
  return { ...values, wanted, modes: named.filter((mode) => mode !== undefined) };
}

type Arguments = ReturnType<typeof readArguments>;
type Run = (signal: AbortSignal) => Promise<RunResult>;

/** The runs of a scenario: in each mode that it has, and on the other server. */
function runsOf(scenario: Scenario, inModes: readonly Mode[], beside: string | undefined): [string, Run][] {
  const modesOf = inModes.filter((mode) => !(mode === 'individual' && scenario.notIndividual));
  const runs = modesOf.map((mode): [string, Run] => [mode, (signal) => run(scenario, mode, signal)]);
  if (beside !== undefined && canRunBeside(scenario)) runs.push(['beside', (signal) => runBeside(scenario, beside, signal)]);
  return runs;
}

async function measure({ wanted, modes: inModes, beside }: Arguments, interrupted: AbortSignal): Promise<RunResult[]> {
  const results: RunResult[] = [];
  for (const scenario of wanted) {
    for (const [name, run] of runsOf(scenario, inModes, beside)) {
      if (interrupted.aborted) return results;
      const timeout = AbortSignal.timeout(timeoutMs + (scenario.extraMs ?? 0));
      try {
        const result = await run(AbortSignal.any([interrupted, timeout]));
        results.push(result);
        say(`${tableOf([result]).split('\n')[2]}`);
      } catch (error) {
        say(`${scenario.name} ${name}: ${error instanceof Error ? error.message : String(error)}`);
        process.exitCode = 1;
      }
    }
  }
  return results;
}

async function main(): Promise<void> {
  const given = readArguments();
  const { quick, out } = given;
  build();
  const interrupting = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => interrupting.abort(new Error('interrupted')));
  const machine = machineFacts();
  const startedAt = new Date().toISOString();
  say(
    `${machine.cores} × ${machine.processor}, ${machine.memoryGiB} GiB, Node ${machine.node}, commit ${machine.commit}${machine.changed ? ' changed' : ''}`,
  );
  const results = await measure(given, interrupting.signal);
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
