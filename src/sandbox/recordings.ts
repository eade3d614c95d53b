// Keeps the requests that sandboxes received, in memory and within limits. Beyond a limit, the
// least recently used sandbox is dropped first, then the oldest requests. A restart forgets all.

/** One request as `GET /sandbox/{id}` shows it. */
export interface RecordedRequest {
  receivedAt: string;
  method: string;
  webhookId: string | null;
  delivery: string | null;
  attempt: number | null;
  /** `valid`, or the reason why it is not. */
  signature: string;
  /** Null: the connection was reset instead. */
  statusAnswered: number | null;
  headers: Record<string, string>;
  /** The first 256 KiB, as text. */
  body: string;
  /** Length of the whole body. */
  bodyBytes: number;
}

export interface Bounds {
  sandboxes: number;
  requestsPerSandbox: number;
  eventsPerSandbox: number;
  bytes: number;
}

export const defaultBounds: Bounds = { sandboxes: 1_000, requestsPerSandbox: 100, eventsPerSandbox: 10_000, bytes: 64 * 1024 * 1024 };

export interface Recordings {
  /** Counts an attempt of an event at a sandbox and returns its number, from 1. */
  countAttempt(sandbox: string, event: string): number;
  record(sandbox: string, request: RecordedRequest): void;
  /** Newest first. */
  requestsOf(sandbox: string): RecordedRequest[];
  forget(sandbox: string): void;
  /** Estimated memory of everything kept, in bytes. */
  bytesKept(): number;
}

type Call = 'countAttempt' | 'record' | 'requestsOf' | 'forget';

/** Recordings of this process, or of another one that answers later. */
export type KeptRecordings = {
  [C in Call]: (...args: Parameters<Recordings[C]>) => ReturnType<Recordings[C]> | Promise<ReturnType<Recordings[C]>>;
};

interface Sandbox {
  /** Oldest first. */
  requests: { request: RecordedRequest; bytes: number }[];
  /** Attempts by event, least recently seen first. */
  attempts: Map<string, number>;
  bytes: number;
}

interface Store {
  /** Least recently used first. */
  sandboxes: Map<string, Sandbox>;
  bytes: number;
  bounds: Bounds;
}

export function createRecordings(bounds: Bounds = defaultBounds): Recordings {
  const store: Store = { sandboxes: new Map(), bytes: 0, bounds };
  return {
    countAttempt(id, event) {
      const sandbox = use(store, id);
      const attempt = (sandbox.attempts.get(event) ?? 0) + 1;
      if (!sandbox.attempts.delete(event)) weigh(store, sandbox, bytesOfEvent(event));
      sandbox.attempts.set(event, attempt);
      if (sandbox.attempts.size > bounds.eventsPerSandbox) dropEvent(store, sandbox);
      keepWithinBounds(store, sandbox);
      return attempt;
    },
    record(id, request) {
      const sandbox = use(store, id);
      const bytes = bytesOfRequest(request);
      sandbox.requests.push({ request, bytes });
      weigh(store, sandbox, bytes);
      if (sandbox.requests.length > bounds.requestsPerSandbox) dropRequest(store, sandbox);
      keepWithinBounds(store, sandbox);
    },
    requestsOf(id) {
      const requests = store.sandboxes.has(id) ? use(store, id).requests : [];
      return requests.map(({ request }) => request).reverse();
    },
    forget: (id) => forget(store, id),
    bytesKept: () => store.bytes,
  };
}

function use({ sandboxes }: Store, id: string): Sandbox {
  const sandbox = sandboxes.get(id) ?? { requests: [], attempts: new Map(), bytes: 0 };
  sandboxes.delete(id);
  sandboxes.set(id, sandbox); // a Map keeps the order of insertion
  return sandbox;
}

function weigh(store: Store, sandbox: Sandbox, difference: number): void {
  sandbox.bytes += difference;
  store.bytes += difference;
}

function forget(store: Store, id: string): void {
  store.bytes -= store.sandboxes.get(id)?.bytes ?? 0;
  store.sandboxes.delete(id);
}

function dropRequest(store: Store, sandbox: Sandbox): void {
  weigh(store, sandbox, -(sandbox.requests.shift()?.bytes ?? 0));
}

function dropEvent(store: Store, sandbox: Sandbox): void {
  for (const event of sandbox.attempts.keys()) {
    sandbox.attempts.delete(event);
    weigh(store, sandbox, -bytesOfEvent(event));
    return;
  }
}

/** Drops other sandboxes before requests of the sandbox in use, which is last in the order. */
function keepWithinBounds(store: Store, used: Sandbox): void {
  const { sandboxes, bounds } = store;
  for (const id of sandboxes.keys()) {
    if (sandboxes.size === 1 || (sandboxes.size <= bounds.sandboxes && store.bytes <= bounds.bytes)) break;
    forget(store, id);
  }
  while (store.bytes > bounds.bytes && used.requests.length > 0) dropRequest(store, used);
}

// V8 stores one or two bytes per character; the estimate counts two.
function bytesOfEvent(event: string): number {
  return 2 * event.length + 100;
}

function bytesOfRequest({ headers, body }: RecordedRequest): number {
  const headerChars = Object.entries(headers).reduce((chars, [name, value]) => chars + name.length + value.length + 50, 0);
  return 2 * (body.length + headerChars) + 500;
}
