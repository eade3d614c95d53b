// The OpenID Connect provider of the configuration.
import type { Config } from '#config/config';
import { createOpenIdConnect, type OpenIdConnect } from '#oidc/open-id-connect';

/** `origin`: where people reach the dashboard. Null: no provider is configured. */
export function openIdConnectOf(config: Config, origin: string): OpenIdConnect | null {
  const { POSTHORN_OIDC_ISSUER: issuer, POSTHORN_OIDC_CLIENT_ID: clientId } = config;
  if (issuer === undefined || clientId === undefined) return null;
  return createOpenIdConnect({
    issuer,
    clientId,
    clientSecret: config.POSTHORN_OIDC_CLIENT_SECRET,
    clientAuth: config.POSTHORN_OIDC_CLIENT_AUTH,
    scopes: config.POSTHORN_OIDC_SCOPES,
    name: config.POSTHORN_OIDC_NAME ?? new URL(issuer).host,
    redirectUri: `${origin}/dashboard/signed-in`,
    roles: {
      claim: config.POSTHORN_OIDC_ROLE_CLAIM,
      values: { viewer: config.POSTHORN_OIDC_VIEWERS, operator: config.POSTHORN_OIDC_OPERATORS, admin: config.POSTHORN_OIDC_ADMINS },
    },
  });
}
