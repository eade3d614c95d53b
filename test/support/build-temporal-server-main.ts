// Builds Temporal's server for production, unless it is in the cache folder. The exit code is 1 if that fails.
import { buildServer } from './temporal-server/commands.ts';

const say = (line: string) => void process.stdout.write(`${line}\n`);
const failure = await buildServer(say);
if (failure !== undefined) {
  say(`The tests did not run: Temporal's server could not be built. ${failure}`);
  process.exitCode = 1;
}
