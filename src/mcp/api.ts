// The HTTP API as the tools of the MCP server call it: with the key of their caller, so with its
// scopes and its tenant.

export type Query = Record<string, string | number | readonly string[] | undefined>;

export interface Api {
  get(path: string, query?: Query): Promise<unknown>;
  post(path: string, body?: object): Promise<unknown>;
}

/** The API refused the call, or was not reached. Its message is for the caller of the tool. */
export class ApiRefused extends Error {
  override readonly name = 'ApiRefused';
  /** Null: there was no answer. */
  readonly status: number | null;

  constructor(status: number | null, message: string) {
    super(message);
    this.status = status;
  }
}

const timeoutMs = 90_000;

/** `url`: the origin of the API, perhaps with a path before `/v1`. The functions throw ApiRefused. */
export function createApi(url: string, key: string): Api {
  let base = url;
  while (base.endsWith('/')) base = base.slice(0, -1);
  const call = async (path: string, init: RequestInit = {}) => {
    const headers = { authorization: `Bearer ${key}`, ...(init.body !== undefined && { 'content-type': 'application/json' }) };
    const response = await fetch(base + path, { ...init, headers, signal: AbortSignal.timeout(timeoutMs) }).catch((error: unknown) => {
      throw new ApiRefused(null, `The API at ${base} was not reached: ${error instanceof Error ? causeOf(error) : String(error)}`);
    });
    const text = await response.text();
    if (!response.ok) throw new ApiRefused(response.status, problemText(response.status, text));
    return parsed(text) ?? null;
  };
  return {
    get: (path, query = {}) => call(path + queryText(query)),
    post: (path, body = {}) => call(path, { method: 'POST', body: JSON.stringify(body) }),
  };
}

function causeOf({ message, cause }: Error): string {
  return cause instanceof Error && cause.message ? cause.message : message;
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function problemText(status: number, text: string): string {
  const { detail = '', errors = [] } = (parsed(text) ?? {}) as { detail?: string; errors?: { path: string; message: string }[] };
  const fields = errors.map(({ path, message }) => `${path} ${message}`).join('; ');
  return [`The API answered ${status}.`, detail, fields !== detail && fields].filter(Boolean).join(' ');
}

/** A list becomes a repeated parameter. */
function queryText(query: Query): string {
  const pairs = Object.entries(query).flatMap(([name, value]) =>
    (value === undefined ? [] : [value].flat()).map((one): [string, string] => [name, String(one)]),
  );
  return pairs.length === 0 ? '' : `?${new URLSearchParams(pairs)}`;
}
