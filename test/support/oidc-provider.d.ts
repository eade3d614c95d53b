// Types for the part of oidc-provider that the tests use.
declare module 'oidc-provider' {
  import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http';

  interface Grant {
    addOIDCScope(scope: string): void;
    save(): Promise<string>;
  }

  export class Provider {
    constructor(issuer: string, configuration: object);
    callback(): RequestListener;
    on(event: string, heard: (context: { path: string; request: { headers: Record<string, string | undefined> } }) => void): this;
    ClientCredentials: { find(token: string): Promise<{ scope?: string; clientId: string; isExpired: boolean } | undefined> };
    Client: { prototype: { redirectUriAllowed(uri: string): boolean } };
    Grant: new (of: {
      clientId: string;
      accountId: string;
    }) => Grant;
    interactionFinished(request: IncomingMessage, response: ServerResponse, result: object): Promise<void>;
  }
}
