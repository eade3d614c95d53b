// What the catalogue says of a posted event before its data is looked at: is its type registered, deprecated or past its
// sunset, and which version of it is it?
import type { Strictness } from './event-type.ts';

/** What happens to events of types that are not registered, deprecated, or past their sunset. */
export interface TypePolicy {
  unregistered: Strictness;
  deprecated: Strictness;
  sunset: Strictness;
}

export interface KnownFacts {
  validation: Strictness;
  /** Unix ms; null: never. */
  deprecatedAtMs: number | null;
  sunsetAtMs: number | null;
  /** Numbers of its versions, lowest first. */
  versions: readonly number[];
}

export const findingKinds = ['unregistered', 'deprecated', 'sunset', 'version', 'schema'] as const;

export interface Finding {
  kind: (typeof findingKinds)[number];
  strictness: Exclude<Strictness, 'off'>;
  /** The field of the event, such as `type` or `data/total`. */
  path: string;
  message: string;
  /** JSON pointer of the keyword within the schema. */
  schema?: string;
}

type Facts = KnownFacts | undefined;

/** `type` undefined: not registered. */
export function typeFindings(name: string, type: Facts, policy: TypePolicy, nowMs: number): Finding[] {
  const found = (kind: keyof TypePolicy, message: string): Finding[] => {
    const strictness = policy[kind];
    return strictness === 'off' ? [] : [{ kind, strictness, path: 'type', message }];
  };
  if (!type) return found('unregistered', `${name} is not a registered event type`);
  const { deprecatedAtMs, sunsetAtMs } = type;
  const until = sunsetAtMs === null ? '' : `; it must not be sent from ${isoOf(sunsetAtMs)} on`;
  if (sunsetAtMs !== null && sunsetAtMs <= nowMs) return found('sunset', `${name} must not be sent any more since ${isoOf(sunsetAtMs)}`);
  if (deprecatedAtMs !== null && deprecatedAtMs <= nowMs)
    return found('deprecated', `${name} is deprecated since ${isoOf(deprecatedAtMs)}${until}`);
  return [];
}

const isoOf = (ms: number) => new Date(ms).toISOString();

/** The version of an event: its own, or the current one. Null: the type has none. */
export function versionOf(posted: number | undefined, { versions }: KnownFacts): number | null {
  return posted ?? versions.at(-1) ?? null;
}

/** A version that the type does not have: as strict as a violation of its schema, which it would otherwise evade. */
export function versionFindings(name: string, version: number | null, { versions, validation }: KnownFacts): Finding[] {
  if (version === null || versions.length === 0 || versions.includes(version) || validation === 'off') return [];
  const message = `${name} has no version ${version}; it has ${versions.slice(-20).join(', ')}`;
  return [{ kind: 'version', strictness: validation, path: 'version', message }];
}
