// Tokens of portal links: only unchanged tokens of Posthorn are accepted.
import { randomBytes } from 'node:crypto';
import { generateSecret, SignJWT, UnsecuredJWT } from 'jose';
import { describe, expect, it } from 'vitest';
import { createPortalTokens } from '#api/access/portal-token';
import { newId } from '#runtime/new-id';
import { createVault } from '#sealing/vault';

const master = () => randomBytes(32).toString('base64');
const [first, second] = [master(), master()];
const vault = createVault([first]);
const tokens = createPortalTokens(vault);
const link = { linkId: newId('lnk'), tenantId: newId('tnt'), expiresAtMs: Math.floor(Date.now() / 1_000 + 3_600) * 1_000 };

/** A token signed with the right key, with one property changed. */
function forged(change: (token: SignJWT) => SignJWT, header: object = {}): Promise<string> {
  const token = new SignJWT()
    .setProtectedHeader({ alg: 'HS256', typ: 'JWT', ...header })
    .setIssuer('posthorn')
    .setAudience('posthorn-portal')
    .setSubject(link.tenantId)
    .setJti(link.linkId)
    .setIssuedAt()
    .setExpirationTime('1h');
  return change(token).sign(vault.derive('portal links')[0]);
}

describe('a portal token', () => {
  it('names its link and tenant', async () => {
    expect(await tokens.verify(await tokens.sign(link))).toEqual(link);
    expect(await tokens.verify(await forged((token) => token))).toMatchObject({ linkId: link.linkId, tenantId: link.tenantId });
  });

  it('is accepted as long as its master key is configured', async () => {
    const token = await tokens.sign(link);
    expect(await createPortalTokens(createVault([second, first])).verify(token)).toEqual(link);
    expect(await createPortalTokens(createVault([second])).verify(token)).toBeNull();
  });

  it.each<[string, (token: SignJWT) => SignJWT, object?]>([
    ['of another issuer', (token) => token.setIssuer('elsewhere')],
    ['for another audience', (token) => token.setAudience('elsewhere')],
    ['that has expired', (token) => token.setExpirationTime('-1m')],
    ['issued more than a day ago', (token) => token.setIssuedAt(Math.floor(Date.now() / 1_000) - 25 * 3_600)],
    ['whose subject is no tenant', (token) => token.setSubject('acme')],
    ['whose id is no link', (token) => token.setJti(newId('key'))],
    ['of another type', (token) => token, { typ: 'at+jwt' }],
  ])('%s is refused', async (_, change, header) => {
    expect(await tokens.verify(await forged(change, header))).toBeNull();
  });

  it('that is forged, unsigned, changed or malformed is refused', async () => {
    const token = await tokens.sign(link);
    const [head, body, signature] = token.split('.');
    const other = Buffer.from(JSON.stringify({ ...JSON.parse(Buffer.from(body ?? '', 'base64url').toString()), sub: newId('tnt') }));
    const unsigned = new UnsecuredJWT().setIssuer('posthorn').setAudience('posthorn-portal').setSubject(link.tenantId).setJti(link.linkId);
    const strange = await new SignJWT({ jti: link.linkId, sub: link.tenantId })
      .setProtectedHeader({ alg: 'HS256', typ: 'JWT' })
      .sign(await generateSecret('HS256'));
    const bad = [`${head}.${other.toString('base64url')}.${signature}`, unsigned.setIssuedAt().setExpirationTime('1h').encode(), strange];
    for (const text of [...bad, `${head}.${body}.`, '..', 'a.b.c', '']) expect(await tokens.verify(text)).toBeNull();
  });
});
