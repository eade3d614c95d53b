// The HTTP API as the tools of the MCP server call it: with the key of their caller, so with its
// scopes and its tenant.
import { Posthorn, PosthornConnectionError, PosthornProblem } from '#client';
import { parseAsWritten } from '#domain/json-numbers';

export type Query = Record<string, string | number | readonly string[] | undefined>;

/** Its functions reject as the client does. */
export interface Api {
  get(path: string, query?: Query): Promise<unknown>;
  post(path: string, body?: object): Promise<unknown>;
}

const timeoutMs = 90_000;

/** `url`: the origin of the API, perhaps with a path before `/v1`. */
export function createApi(url: string, key: string, retries = 2): Api {
  const client = new Posthorn({ url, apiKey: key, timeoutMs, retries, parseJson: parseAsWritten });
  return {
    get: (path, query = {}) => client.request('GET', path, { query }),
    post: (path, body = {}) => client.request('POST', path, { body }),
  };
}

/** What the caller of a tool is told. Null: it is no refusal of the API. */
export function refusalText(error: unknown): string | null {
  if (error instanceof PosthornConnectionError) return error.message;
  if (!(error instanceof PosthornProblem)) return null;
  const { status, detail, errors } = error;
  const fields = errors.map(({ path, message }) => `${path} ${message}`).join('; ');
  return [`The API answered ${status}.`, detail, fields !== detail && fields].filter(Boolean).join(' ');
}
