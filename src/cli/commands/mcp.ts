// `posthorn mcp`: the API as tools of an assistant (Model Context Protocol).
import type { Command } from 'commander';
import { version } from '#config/package';
import { commaList } from '../connection/given.ts';
import { connected, type Session } from '../connection/session.ts';
import { NotAuthorised, UsageError } from '../terminal/exit-codes.ts';

interface Options {
  write?: boolean;
  http?: string | true;
  allowHost?: string[];
}

const usualAddress = '127.0.0.1:8790';

export function addMcpCommand(program: Command): void {
  program
    .command('mcp')
    .description('serve the API to an assistant (Model Context Protocol), over standard input and output')
    .option('--write', 'also tools that change something: replay, cancel, pause, resume …')
    .option('--http [address]', `over HTTP in place of standard input; each caller sends its own API key (default: ${usualAddress})`)
    .option('--allow-host <names>', 'with --http: further host names under which clients reach it', commaList)
    .action(connected(serve));
}

async function serve({ api, profile, output }: Session, { write = false, http, allowHost = [] }: Options): Promise<void> {
  const onError = (error: Error) => output.options.writeError(`${error.message}\n`);
  const options = { version, write, onError };
  if (http === undefined) {
    if (profile.apiKey === undefined)
      throw new NotAuthorised('There is no API key. Set POSTHORN_API_KEY, or store one with `posthorn login`.');
    const [{ serveMcpOverStdio }, { createApi }] = await Promise.all([import('#mcp/stdio'), import('#mcp/api')]);
    serveMcpOverStdio(createApi(api.url, profile.apiKey), options);
    return;
  }
  const { host, port } = addressOf(http === true ? usualAddress : http);
  const { createMcpHttpServer, localNames, mcpPath } = await import('#mcp/http');
  const server = createMcpHttpServer({ ...options, apiUrl: api.url, hosts: [...localNames, ...(isAny(host) ? [] : [host]), ...allowHost] });
  await new Promise<void>((resolve, reject) => server.once('error', reject).listen(port, host.replace(/^\[|\]$/g, ''), resolve));
  const address = server.address();
  output.note(
    `MCP at http://${host}:${typeof address === 'object' ? address?.port : port}${mcpPath}, for the API at ${api.url}. Ctrl-C stops it.`,
  );
}

/** Every address of this machine: a name that no client uses. */
const isAny = (host: string) => host === '0.0.0.0' || host === '[::]';

/** Of `host:port`, or a port alone. */
function addressOf(text: string): { host: string; port: number } {
  const [, host = '127.0.0.1', port = ''] = /^(?:(.+):)?(\d{1,5})$/.exec(text) ?? [];
  if (port === '' || Number(port) > 65_535) throw new UsageError(`--http: ${text} must be a port, or host:port`);
  return { host, port: Number(port) };
}
