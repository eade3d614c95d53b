// What the handlers use of Node's requests and responses, so that the types of this package need no @types/node.

export interface NodeRequest {
  method?: string | undefined;
  headers: Record<string, string | string[] | undefined>;
  socket?: { remoteAddress?: string | undefined } | null;
  readonly readableDidRead: boolean;
  readonly readableEnded: boolean;
  // biome-ignore lint/suspicious/noExplicitAny: Node's own types say so
  iterator(options: { destroyOnReturn: boolean }): AsyncIterable<any>;
  resume(): unknown;
  /** What something before has read. */
  body?: unknown;
  rawBody?: unknown;
}

export interface NodeResponse {
  writeHead(status: number, headers: Record<string, string>): { end(body: string): unknown };
}
