// posthorn.sandboxes: endpoints inside Posthorn that record requests and answer as you say, for tests.
import { path } from '../address.ts';
import type {
  CreatedSandbox,
  ListSandboxEndpointsQuery,
  ListSandboxRequestsQuery,
  NewSandbox,
  Sandbox,
  SandboxChange,
  SandboxRequest,
} from '../api-types.ts';
import { type List, listOf } from '../list.ts';
import type { CallOptions, Requester } from '../request.ts';

export class Sandboxes {
  readonly #api: Requester;

  constructor(api: Requester) {
    this.#api = api;
  }

  /** Creates a test endpoint, and the endpoint that delivers to it. */
  create(tenant: string, sandbox: NewSandbox = {}, options?: CallOptions): Promise<CreatedSandbox> {
    return this.#api.json('POST', path`/v1/tenants/${tenant}/sandbox-endpoints`, { body: sandbox }, options);
  }

  list(tenant: string, query: ListSandboxEndpointsQuery = {}, options?: CallOptions): List<Sandbox> {
    return listOf(this.#api, path`/v1/tenants/${tenant}/sandbox-endpoints`, { ...query }, options);
  }

  get(sandbox: string, options?: CallOptions): Promise<Sandbox> {
    return this.#api.json('GET', path`/v1/sandbox-endpoints/${sandbox}`, {}, options);
  }

  update(sandbox: string, change: SandboxChange, options?: CallOptions): Promise<Sandbox> {
    return this.#api.json('PATCH', path`/v1/sandbox-endpoints/${sandbox}`, { body: change }, options);
  }

  delete(sandbox: string, options?: CallOptions): Promise<void> {
    return this.#api.json('DELETE', path`/v1/sandbox-endpoints/${sandbox}`, {}, options);
  }

  /** What it received, the newest first, with the verdict on each signature. */
  requests(sandbox: string, query: ListSandboxRequestsQuery = {}, options?: CallOptions): List<SandboxRequest> {
    return listOf(this.#api, path`/v1/sandbox-endpoints/${sandbox}/requests`, { ...query }, options);
  }

  /** Forgets what it received. */
  clear(sandbox: string, options?: CallOptions): Promise<void> {
    return this.#api.json('DELETE', path`/v1/sandbox-endpoints/${sandbox}/requests`, {}, options);
  }
}
