// The reference of the command line, from its own help.
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { Page } from './api-pages.ts';

const program = join(import.meta.dirname, '../../../bin/posthorn.js');

export async function commandPage(): Promise<Page> {
  const { stdout } = await promisify(execFile)(process.execPath, [program, '--help']);
  const text = [
    '# Command line',
    'In a clone the command is `node bin/posthorn.js`. Settings are [environment variables](/configuration.md).',
    `\`\`\`text\n${stdout.trim()}\n\`\`\``,
  ];
  return { path: 'reference/cli.md', title: 'Command line', text: text.join('\n\n') };
}
