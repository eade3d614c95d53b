// Who an OpenID Connect provider says a person is, and which role the claims give.
import { describe, expect, it } from 'vitest';
import { roleOf, scopesOfRole } from '#domain/access/session';
import { claimAt, personFromClaims, roleFromClaims } from '#domain/access/sign-in-claims';

const values = { viewer: ['staff'], operator: ['on-call'], admin: ['platform', 'root'] };
const role = (claims: object, claim = 'groups') => roleFromClaims({ ...claims }, { claim, values });

describe('the role', () => {
  it('is the highest that the values of the claim give', () => {
    expect(role({ groups: ['staff'] })).toBe('viewer');
    expect(role({ groups: ['on-call', 'staff'] })).toBe('operator');
    expect(role({ groups: ['staff', 'root'] })).toBe('admin');
    expect(role({ groups: 'platform' })).toBe('admin');
    expect([role({}), role({ groups: ['other'] }), role({ groups: 7 }), role({ groups: [null, { staff: true }] })]).toEqual([
      null,
      null,
      null,
      null,
    ]);
  });

  it('is given to everybody by *, which no claim can name', () => {
    const rules = { claim: 'groups', values: { viewer: ['*'], operator: [], admin: ['root'] } };
    expect(roleFromClaims({}, rules)).toBe('viewer');
    expect(roleFromClaims({ groups: ['root'] }, rules)).toBe('admin');
    expect(role({ groups: ['*'] })).toBe(null);
  });

  it('is found under a path, and under a name with dots', () => {
    expect(role({ realm_access: { roles: ['root'] } }, 'realm_access.roles')).toBe('admin');
    expect(role({ 'https://example.com/roles': ['on-call'] }, 'https://example.com/roles')).toBe('operator');
    expect([claimAt({}, 'constructor.name'), claimAt({ a: 1 }, 'a.b'), claimAt({}, '__proto__')]).toEqual([
      undefined,
      undefined,
      undefined,
    ]);
  });

  it('by e-mail address needs a verified one', () => {
    const byEmail = { claim: 'email', values: { viewer: [], operator: [], admin: ['ada@example.com'] } };
    const email = 'ada@example.com';
    expect(roleFromClaims({ email, email_verified: true }, byEmail)).toBe('admin');
    for (const email_verified of [false, undefined, 'true', 1]) expect(roleFromClaims({ email, email_verified }, byEmail)).toBe(null);
  });

  it('of scopes is the highest whose scopes are all there', () => {
    expect([roleOf(['admin']), roleOf(scopesOfRole.operator), roleOf(scopesOfRole.viewer)]).toEqual(['admin', 'operator', 'viewer']);
    expect([roleOf(['events:write']), roleOf(['endpoints:read', 'deliveries:read', 'deliveries:act'])]).toEqual([null, 'viewer']);
  });
});

it('a person has texts that are short and fit into one line', () => {
  const issuer = 'https://id.example.com';
  const claims = { sub: '24\n8', email: 'ada@example.com', name: `Ada\u202e\u0000 ${'x'.repeat(300)}` };
  const { subject, email, name } = personFromClaims(claims, issuer);
  expect([subject, email, name?.length, name?.startsWith('Ada x')]).toEqual(['248', 'ada@example.com', 200, true]);
  expect(personFromClaims({ sub: '1', email: 'x@example.com', email_verified: false, preferred_username: 'x' }, issuer)).toEqual({
    issuer,
    subject: '1',
    email: null,
    name: 'x',
  });
  expect(personFromClaims({ sub: '1', name: 7, email: [] }, issuer)).toMatchObject({ email: null, name: null });
});
