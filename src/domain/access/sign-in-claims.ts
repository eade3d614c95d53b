// Reads the claims that an OpenID Connect provider made about a person: who it is, and which role it gets.
import { type Person, type Role, roles } from './session.ts';

export type Claims = Readonly<Record<string, unknown>>;

/** Which values of a claim give which role. `*`: everybody who can sign in. */
export interface RoleRules {
  /** Name of the claim, or a path such as `realm_access.roles`. */
  claim: string;
  values: Readonly<Record<Role, readonly string[]>>;
}

/**
 * The highest role that the claims give; null: none. Roles by e-mail address need a verified one: otherwise anybody who can
 * write an address into an account chooses a role.
 */
export function roleFromClaims(claims: Claims, { claim, values }: RoleRules): Role | null {
  const held = claim === 'email' && claims.email_verified !== true ? [] : textsOf(claimAt(claims, claim));
  return roles.findLast((role) => values[role].some((value) => value === '*' || held.includes(value))) ?? null;
}

/** The claim of this name, or at this path. Names may have dots, as in `https://example.com/roles`. */
export function claimAt(claims: Claims, path: string): unknown {
  if (Object.hasOwn(claims, path)) return claims[path];
  const [name = '', ...rest] = path.split('.');
  const inner = rest.length > 0 && Object.hasOwn(claims, name) ? claims[name] : null;
  return typeof inner === 'object' && inner !== null ? claimAt(inner as Claims, rest.join('.')) : undefined;
}

function textsOf(value: unknown): string[] {
  return [value].flat().filter((one) => typeof one === 'string');
}

/** `issuer`: as configured and checked. An address that the provider calls not verified is left out. */
export function personFromClaims(claims: Claims, issuer: string): Person {
  const email = claims.email_verified === false ? null : shown(claims.email);
  return { issuer, subject: shown(claims.sub) ?? '', email, name: shown(claims.name) ?? shown(claims.preferred_username) };
}

const longest = 200;

/** Claims become lines of the audit log: short, and without control characters and half characters. */
function shown(claim: unknown): string | null {
  if (typeof claim !== 'string') return null;
  const text = claim
    .toWellFormed()
    .replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, '')
    .trim()
    .slice(0, longest)
    .replace(/[\ud800-\udbff]$/, '');
  return text === '' ? null : text;
}
