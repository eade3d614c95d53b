// Kills a command of `posthorn ingest` at random requests, and starts it again each time.
import { shuffled } from '../chaos/shuffled.ts';
import type { Command } from './command.ts';
import type { Gate } from './gate.ts';
import { until } from './until.ts';

/**
 * Runs the command until `isDone`. `requests`: about how many will arrive. Prints the seed; `CHAOS_SEED` repeats it. The
 * command is killed with other requests in flight.
 */
export async function runWithKills(
  start: () => Command,
  gate: Gate,
  { kills, requests, isDone }: { kills: number; requests: number; isDone: () => Promise<boolean> },
): Promise<void> {
  const seed = Number(process.env.CHAOS_SEED ?? Date.now());
  const all = Array.from({ length: requests }, (_, n) => n + 1);
  const killAt = shuffled(all, seed)
    .slice(0, kills)
    .sort((a, b) => a - b);
  process.stdout.write(`CHAOS_SEED=${seed}: killed at the requests ${killAt.join(', ')}\n`);
  let command = start();
  gate.before = () => {
    if (gate.seen.length >= (killAt[0] ?? Number.POSITIVE_INFINITY)) {
      killAt.shift();
      command.signal('SIGKILL');
      command = start();
    }
    return null;
  };
  try {
    await until('all to be taken in', isDone, 500_000, 1_000);
  } finally {
    command.signal('SIGKILL');
    await command.exit;
  }
}
