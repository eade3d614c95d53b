// `posthorn verify`: checks the signature of a request that somebody has saved. Needs no server.
import type { Command } from 'commander';
import { bytesOf, textOf, wholeNumber } from '../connection/given.ts';
import { local } from '../connection/session.ts';
import { CommandFailed, UsageError } from '../terminal/exit-codes.ts';
import type { Output } from '../terminal/output.ts';

interface Options {
  secret: string[];
  header?: string[];
  headers?: string;
  body: string;
  tolerance?: number;
}

const several = (text: string, before: string[] = []) => [...before, text];

export function addVerifyCommand(program: Command): void {
  program
    .command('verify')
    .description('check the signature of a request that you have saved; exit code 1 if it is not valid')
    .requiredOption('--secret <secret>', 'whsec_…, or a public key whpk_…; can be repeated', several)
    .option('--header <name: value>', 'a header of the request; can be repeated', several)
    .option('--headers <file>', 'its headers, one `name: value` on a line: @file or - for standard input')
    .requiredOption('--body <file>', 'its body, unchanged: @file or - for standard input')
    .option('--tolerance <seconds>', 'also refuse a timestamp that is older or newer; default: any time', wholeNumber)
    .action(local(check));
}

async function check(output: Output, { secret, header = [], headers, body, tolerance }: Options): Promise<void> {
  if (headers === '-' && body === '-') throw new UsageError('--headers and --body cannot both be read from standard input');
  const lines = [...header, ...(headers === undefined ? [] : textOf(headers).split(/\r?\n/))];
  const given = Object.fromEntries(lines.flatMap(pairOf));
  const sentAt = Number(given['webhook-timestamp']) * 1_000;
  const now = tolerance === undefined && Number.isFinite(sentAt) ? sentAt : Date.now();
  const bytes = bytesOf(body);
  const { verify } = await import('#receiver');
  try {
    const { id, timestamp, test } = verify(bytes, given, secret, { tolerance, now });
    await output.show(
      { valid: true, id, timestamp, test },
      `valid: ${id}, sent at ${timestamp.toISOString()}${test ? ', a test event' : ''}`,
    );
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    const reason = error instanceof Error && 'reason' in error ? error.reason : undefined;
    // the request was not looked at
    if (reason === 'bad_secret') throw new UsageError(`--secret: ${message}`);
    if (output.json) await output.document({ valid: false, reason, message });
    throw new CommandFailed(`not valid: ${message}`);
  }
}

/** A line `name: value`. */
function pairOf(line: string): [string, string][] {
  if (line.trim() === '') return [];
  const at = line.indexOf(':');
  if (at < 1) throw new UsageError(`${line}: must be name: value`);
  return [[line.slice(0, at).trim().toLowerCase(), line.slice(at + 1).trim()]];
}
