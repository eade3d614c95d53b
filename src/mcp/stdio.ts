// The MCP server over standard input and output: the assistant starts the process, and ends it by
// closing its input. Nothing else may be written to standard output.
import { serveStdio } from '@modelcontextprotocol/server/stdio';
import type { Api } from './api.ts';
import { createMcpServer, type McpOptions } from './server.ts';

export function serveMcpOverStdio(api: Api, options: McpOptions & { onError(error: Error): void }): void {
  serveStdio(() => createMcpServer(api, options), { onerror: options.onError });
}
