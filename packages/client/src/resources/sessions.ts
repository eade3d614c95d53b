// posthorn.sessions: the sign-in of people, for a dashboard of your own.
import { path } from '../address.ts';
import type { BegunSignIn, CreatedSession, ListSessionsQuery, NewSession, Session, SignInMethods } from '../api-types.ts';
import { type List, listOf } from '../list.ts';
import type { CallOptions, Requester } from '../request.ts';

export class Sessions {
  readonly #api: Requester;

  constructor(api: Requester) {
    this.#api = api;
  }

  /** Signs in. The answer has the token, which is shown only once. */
  create(session: NewSession, options?: CallOptions): Promise<CreatedSession> {
    return this.#api.json('POST', '/v1/sessions', { body: session }, options);
  }

  list(query: ListSessionsQuery = {}, options?: CallOptions): List<Session> {
    return listOf(this.#api, '/v1/sessions', { ...query }, options);
  }

  /** The session whose token this client sends. */
  current(options?: CallOptions): Promise<Session> {
    return this.#api.json('GET', '/v1/sessions/current', {}, options);
  }

  /** Ends the session whose token this client sends. */
  signOut(options?: CallOptions): Promise<void> {
    return this.#api.json('DELETE', '/v1/sessions/current', {}, options);
  }

  revoke(session: string, options?: CallOptions): Promise<void> {
    return this.#api.json('DELETE', path`/v1/sessions/${session}`, {}, options);
  }

  /** How people can sign in. */
  methods(options?: CallOptions): Promise<SignInMethods> {
    return this.#api.json('GET', '/v1/sign-in', {}, options);
  }

  /** Begins a sign-in through the OpenID Connect provider. */
  begin(options?: CallOptions): Promise<BegunSignIn> {
    return this.#api.json('POST', '/v1/sign-in', {}, options);
  }
}
