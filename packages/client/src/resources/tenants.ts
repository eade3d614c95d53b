// posthorn.tenants: your customers, each with its endpoints and events.

import { path } from '../address.ts';
import type {
  ConsumerDocumentation,
  Erasure,
  GetDocumentationQuery,
  GetStatsQuery,
  ListTenantsQuery,
  NewTenant,
  SigningKey,
  SigningKeyList,
  SigningKeyRotation,
  Stats,
  Tenant,
  TenantChange,
} from '../api-types.ts';
import { type List, listOf } from '../list.ts';
import type { CallOptions, Requester } from '../request.ts';

export class Tenants {
  readonly #api: Requester;

  constructor(api: Requester) {
    this.#api = api;
  }

  create(tenant: NewTenant, options?: CallOptions): Promise<Tenant> {
    return this.#api.json('POST', '/v1/tenants', { body: tenant }, options);
  }

  list(query: ListTenantsQuery = {}, options?: CallOptions): List<Tenant> {
    return listOf(this.#api, '/v1/tenants', { ...query }, options);
  }

  get(tenant: string, options?: CallOptions): Promise<Tenant> {
    return this.#api.json('GET', path`/v1/tenants/${tenant}`, {}, options);
  }

  update(tenant: string, change: TenantChange, options?: CallOptions): Promise<Tenant> {
    return this.#api.json('PATCH', path`/v1/tenants/${tenant}`, { body: change }, options);
  }

  delete(tenant: string, options?: CallOptions): Promise<void> {
    return this.#api.json('DELETE', path`/v1/tenants/${tenant}`, {}, options);
  }

  stats(tenant: string, query: GetStatsQuery = {}, options?: CallOptions): Promise<Stats> {
    return this.#api.json('GET', path`/v1/tenants/${tenant}/stats`, { query: { ...query } }, options);
  }

  /** What the consumers of a tenant, or of one of its endpoints, need to know. */
  documentation(tenant: string, query: GetDocumentationQuery = {}, options?: CallOptions): Promise<ConsumerDocumentation> {
    return this.#api.json('GET', path`/v1/tenants/${tenant}/documentation`, { query: { ...query } }, options);
  }

  /** The key pairs that sign for endpoints with v1a or RFC 9421. */
  signingKeys(tenant: string, options?: CallOptions): Promise<SigningKeyList> {
    return this.#api.json('GET', path`/v1/tenants/${tenant}/signing-keys`, {}, options);
  }

  rotateSigningKey(tenant: string, rotation: SigningKeyRotation = {}, options?: CallOptions): Promise<SigningKey> {
    return this.#api.json('POST', path`/v1/tenants/${tenant}/signing-keys/rotate`, { body: rotation }, options);
  }

  /** Erases the content of all events about this person or thing. `complete: false`: the rest follows within hours. */
  eraseSubject(tenant: string, subject: string, options?: CallOptions): Promise<Erasure> {
    return this.#api.json('DELETE', path`/v1/tenants/${tenant}/subjects/${subject}/content`, {}, options);
  }
}
