// The program of `posthorn ingest`. It loads neither Temporal nor the API.
import { exitCodeOf, failureText } from './failure-text.ts';
import { ingestCommand } from './ingest.ts';

try {
  await ingestCommand(process.argv.slice(3));
} catch (error) {
  process.stderr.write(`${failureText(error, process.env.LOG_LEVEL ?? 'info')}\n`);
  process.exitCode = exitCodeOf(error);
}
