// The tokens of portal links: JWTs signed with HS256 under keys derived from the master keys, of which the first signs and any verifies.
import { errors, type JWTPayload, jwtVerify, SignJWT } from 'jose';
import { isId } from '#domain/ids';
import type { Vault } from '#sealing/vault';

export interface PortalToken {
  linkId: string;
  tenantId: string;
  /** Unix milliseconds, whole seconds. */
  expiresAtMs: number;
}

export interface PortalTokens {
  sign(token: PortalToken): Promise<string>;
  /** Null: it is not one of ours, or has expired. Whether it is revoked is for its row to say. */
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
  // clocks of two processes differ a little
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
