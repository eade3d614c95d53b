// The MCP server: the tools, for one caller. A new one is made for each connection (stdio) or
// request (HTTP).
import { type CallToolResult, McpServer } from '@modelcontextprotocol/server';
import { type Api, refusalText } from './api.ts';
import { readTools } from './read-tools.ts';
import type { Tool } from './tool.ts';
import { writeTools } from './write-tools.ts';

export interface McpOptions {
  version: string;
  /** False: only tools that read. */
  write: boolean;
}

const instructions =
  'Posthorn delivers webhooks: an event of a tenant becomes one delivery for each endpoint that subscribes to it, with attempts. To find out where a webhook is, use explain_event. Times are in UTC.';

export function createMcpServer(api: Api, { version, write }: McpOptions): McpServer {
  const server = new McpServer({ name: 'posthorn', version }, { instructions, capabilities: { tools: {} } });
  for (const tool of [...readTools, ...(write ? writeTools : [])]) register(server, api, tool);
  return server;
}

function register(server: McpServer, api: Api, { name, title, description, effect, input, run }: Tool): void {
  const annotations = {
    title,
    readOnlyHint: effect === 'reads',
    destructiveHint: effect === 'sends',
    idempotentHint: effect !== 'sends',
    openWorldHint: false,
  };
  server.registerTool(name, { title, description, annotations, inputSchema: input }, (given: Record<string, unknown>) =>
    run(api, given).then(shown, refused),
  );
}

function shown(value: unknown): CallToolResult {
  return { content: [{ type: 'text', text: JSON.stringify(value ?? null) }] };
}

/** A refusal is an answer for the model, which may correct its call. */
function refused(error: unknown): CallToolResult {
  const text = refusalText(error);
  if (text === null) throw error;
  return { isError: true, content: [{ type: 'text', text }] };
}
