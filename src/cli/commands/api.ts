// `posthorn api`: any request to the API, for what has no command of its own.
import type { Command } from 'commander';
import { jsonOf } from '../connection/given.ts';
import { connected } from '../connection/session.ts';
import { UsageError } from '../terminal/exit-codes.ts';

const methods = ['get', 'post', 'patch', 'delete'] as const;

export function addApiCommand(program: Command): void {
  program
    .command('api <method> <path>')
    .description('make any request to the API, and print the answer as JSON')
    .option('-d, --data <json>', 'body as JSON, @file or - for standard input')
    .addHelpText('after', '\nFor example: posthorn api get /v1/endpoints/ep_…/lane')
    .action(
      connected(async ({ api, output }, given: string, path: string, { data }: { data?: string }) => {
        const method = methods.find((one) => one === given.toLowerCase());
        if (!method) throw new UsageError(`${given}: must be ${methods.join(', ')}`);
        if (!path.startsWith('/')) throw new UsageError(`${path}: must begin with /, such as /v1/tenants`);
        const answer = await api.request(method, path, data === undefined ? undefined : jsonOf(data, '--data'));
        if (answer !== undefined) await output.text(JSON.stringify(answer, null, output.json ? undefined : 2));
      }),
    );
}
