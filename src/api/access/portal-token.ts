// Tokens of portal links: JWTs, signed (HS256) with keys derived from the master keys.
// The first master key signs; all of them verify.
import { errors, type JWTPayload, jwtVerify, SignJWT } from 'jose';
import { isId } from '#domain/ids';
import type { Vault } from '#sealing/vault';

export interface PortalToken {
  linkId: string;
  tenantId: string;
  /** Unix milliseconds, rounded to whole seconds. */
  expiresAtMs: number;
}

export interface PortalTokens {
  sign(token: PortalToken): Promise<string>;
  /** Null: not a valid token, or expired. Does not check revocation, which is in the link's row. */
  verify(text: string): Promise<PortalToken | null>;
}

const issuer = 'posthorn';
const audience = 'posthorn-portal';
const checked = {
  issuer,
  audience,
  algorithms: ['HS256'],
  typ: 'JWT',
  requiredClaims: ['sub', 'jti', 'exp', 'iat'],
  maxTokenAge: '24h',
  // seconds by which the clocks of two processes may differ
  clockTolerance: 5,
};

export function createPortalTokens(vault: Pick<Vault, 'derive'>): PortalTokens {
  const keys = vault.derive('portal links');
  return {
    sign: ({ linkId, tenantId, expiresAtMs }) =>
      new SignJWT()
        .setProtectedHeader({ alg: 'HS256', typ: 'JWT' })
        .setIssuer(issuer)
        .setAudience(audience)
        .setSubject(tenantId)
        .setJti(linkId)
        .setIssuedAt()
        .setExpirationTime(expiresAtMs / 1_000)
        .sign(keys[0]),
    async verify(text) {
      for (const key of keys) {
        try {
          return read((await jwtVerify(text, key, checked)).payload);
        } catch (error) {
          if (error instanceof errors.JWSSignatureVerificationFailed) continue;
          if (error instanceof errors.JOSEError) return null;
          throw error;
        }
      }
      return null;
    },
  };
}

function read({ sub = '', jti = '', exp = 0 }: JWTPayload): PortalToken | null {
  return isId('tnt', sub) && isId('lnk', jti) ? { linkId: jti, tenantId: sub, expiresAtMs: exp * 1_000 } : null;
}
