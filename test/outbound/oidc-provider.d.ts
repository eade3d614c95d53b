// Types for the part of oidc-provider that the tests use.
declare module 'oidc-provider' {
  import type { RequestListener } from 'node:http';

  export class Provider {
    constructor(issuer: string, configuration: object);
    callback(): RequestListener;
    on(event: string, heard: (context: { path: string; request: { headers: Record<string, string | undefined> } }) => void): this;
    ClientCredentials: { find(token: string): Promise<{ scope?: string; clientId: string; isExpired: boolean } | undefined> };
  }
}
