// The program of the `posthorn` command.
import { runProgram } from './program.ts';

await runProgram(process.argv.slice(2));
