// A client of the HTTP API for tests, as a producer or an operator uses it.

export interface ApiAnswer {
  status: number;
  headers: Headers;
  // biome-ignore lint/suspicious/noExplicitAny: tests check the content of responses
  body: any;
}

export interface CallOptions {
  headers?: Record<string, string>;
  /** The body to send unchanged, instead of JSON. */
  raw?: string | Uint8Array;
  key?: string | null;
}

export interface Api {
  call(method: string, path: string, body?: unknown, options?: CallOptions): Promise<ApiAnswer>;
  get(path: string): Promise<ApiAnswer>;
  post(path: string, body?: unknown, options?: CallOptions): Promise<ApiAnswer>;
  /** Creates a tenant and returns its id. */
  makeTenant(id?: string): Promise<string>;
  /** Creates an endpoint and returns it with its secret. */
  makeEndpoint(tenant: string, url: string, more?: object): Promise<{ id: string; secret: string }>;
  /** Posts an event and returns its id. */
  postEvent(tenant: string, more?: object): Promise<string>;
  /** The deliveries of an event, as GET of the event returns them. */
  deliveriesOf(tenant: string, eventId: string): Promise<ApiDelivery[]>;
  attemptsOf(deliveryId: string): Promise<ApiAttempt[]>;
}

export interface ApiDelivery {
  id: string;
  endpoint: string;
  status: string;
  round: number;
  attempts: number;
  faults: number;
  nextAttemptAt: string | null;
  workflowId: string | null;
}

export interface ApiAttempt {
  number: number;
  round: number;
  outcome: string;
  message: string;
  startedAt: string;
}

const isJson = ({ headers }: Response) => /[/+]json(;|$)/.test(headers.get('content-type') ?? '');

export function createApi(origin: string, apiKey: string): Api {
  async function call(
    method: string,
    path: string,
    body?: unknown,
    { headers = {}, raw, key = apiKey }: CallOptions = {},
  ): Promise<ApiAnswer> {
    const response = await fetch(`${origin}${path}`, {
      method,
      headers: {
        ...(key !== null && { authorization: `Bearer ${key}` }),
        ...(body !== undefined || raw !== undefined ? { 'content-type': 'application/json' } : {}),
        ...headers,
      },
      body: raw ?? (body === undefined ? undefined : JSON.stringify(body)),
    });
    const text = await response.text();
    return { status: response.status, headers: response.headers, body: text === '' ? null : isJson(response) ? JSON.parse(text) : text };
  }

  async function expectStatus(status: number, answer: ApiAnswer): Promise<ApiAnswer> {
    if (answer.status !== status) throw new Error(`expected ${status}, got ${answer.status}: ${JSON.stringify(answer.body)}`);
    return answer;
  }

  return {
    call,
    get: (path) => call('GET', path),
    post: (path, body, options) => call('POST', path, body, options),
    async makeTenant(id = `tenant-${Math.random().toString(36).slice(2)}`) {
      await expectStatus(201, await call('POST', '/v1/tenants', { id, name: id }));
      return id;
    },
    async makeEndpoint(tenant, url, more = {}) {
      return (await expectStatus(201, await call('POST', `/v1/tenants/${tenant}/endpoints`, { url, ...more }))).body;
    },
    async postEvent(tenant, more = {}) {
      const event = { type: 'order.created', data: { n: 1 }, ...more };
      return (await expectStatus(202, await call('POST', `/v1/tenants/${tenant}/events`, event))).body.id;
    },
    async deliveriesOf(tenant, eventId) {
      return (await expectStatus(200, await call('GET', `/v1/tenants/${tenant}/events/${eventId}`))).body.deliveries;
    },
    async attemptsOf(deliveryId) {
      return (await expectStatus(200, await call('GET', `/v1/deliveries/${deliveryId}/attempts`))).body.data;
    },
  };
}
