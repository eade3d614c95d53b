// posthorn.apiKeys and posthorn.portalLinks: who may call the API.
import { path } from '../address.ts';
import type {
  ApiKey,
  CreatedApiKey,
  CreatedPortalLink,
  CurrentPortalLink,
  ListApiKeysQuery,
  ListPortalLinksQuery,
  NewApiKey,
  NewPortalLink,
  PortalLink,
} from '../api-types.ts';
import { type List, listOf } from '../list.ts';
import type { CallOptions, Requester } from '../request.ts';

export class ApiKeys {
  readonly #api: Requester;

  constructor(api: Requester) {
    this.#api = api;
  }

  /** The answer has the key itself, which is shown only once. */
  create(key: NewApiKey, options?: CallOptions): Promise<CreatedApiKey> {
    return this.#api.json('POST', '/v1/api-keys', { body: key }, options);
  }

  list(query: ListApiKeysQuery = {}, options?: CallOptions): List<ApiKey> {
    return listOf(this.#api, '/v1/api-keys', { ...query }, options);
  }

  /** Also revokes the keys and links that were created with it. */
  revoke(key: string, options?: CallOptions): Promise<void> {
    return this.#api.json('DELETE', path`/v1/api-keys/${key}`, {}, options);
  }
}

export class PortalLinks {
  readonly #api: Requester;

  constructor(api: Requester) {
    this.#api = api;
  }

  /** The answer has the token, and the address of the portal with it, which are shown only once. */
  create(link: NewPortalLink, options?: CallOptions): Promise<CreatedPortalLink> {
    return this.#api.json('POST', '/v1/portal-links', { body: link }, options);
  }

  list(query: ListPortalLinksQuery = {}, options?: CallOptions): List<PortalLink> {
    return listOf(this.#api, '/v1/portal-links', { ...query }, options);
  }

  /** The link whose token this client calls with. */
  current(options?: CallOptions): Promise<CurrentPortalLink> {
    return this.#api.json('GET', '/v1/portal-links/current', {}, options);
  }

  revoke(link: string, options?: CallOptions): Promise<void> {
    return this.#api.json('DELETE', path`/v1/portal-links/${link}`, {}, options);
  }
}
