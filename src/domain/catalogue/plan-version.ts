// Decides what a schema that somebody sends means for the versions of its type: a new version, a replaced one, or nothing.
// A breaking change needs a new version number.
import { compareSchemas } from '../schemas/compare-schemas.ts';
import { type Compatibility, compatibilityOf } from '../schemas/schema-change.ts';
import { same } from '../schemas/schema-pair.ts';
import { mostVersions, type TypeVersion } from './event-type.ts';

export interface WantedVersion {
  /** `next`: a new one. `auto`: the current one if the change is compatible, otherwise a new one. */
  version: number | 'next' | 'auto';
  /** Undefined: none. */
  schema?: unknown;
  /** Undefined: those of the version, if it exists. */
  examples?: unknown[] | undefined;
}

export interface VersionStep {
  action: 'add' | 'replace' | 'keep' | 'refuse';
  /** As it is to be stored. */
  version: TypeVersion;
  /** The version that the schema was compared with; null: there is none. */
  comparedWith: number | null;
  /** Null: nothing to compare with. */
  compatibility: Compatibility | null;
  /** Only for `refuse`. */
  reason?: string;
}

/** `stored`: the versions of the type, lowest first. */
export function planVersion(stored: readonly TypeVersion[], wanted: WantedVersion): VersionStep {
  const current = stored.at(-1);
  const number =
    wanted.version === 'next' ? (current?.version ?? 0) + 1 : wanted.version === 'auto' ? (current?.version ?? 1) : wanted.version;
  const before = stored.find(({ version }) => version === number);
  if (before) return planExisting(before, wanted, current?.version ?? number);
  const version = toStore(number, wanted, []);
  if (!current) return { action: 'add', version, comparedWith: null, compatibility: null };
  const step = { version, comparedWith: current.version, compatibility: compatibilityOf(compareSchemas(current.schema, version.schema)) };
  if (number < current.version) return { ...step, action: 'refuse', reason: `must be higher than ${current.version}, the highest version` };
  if (stored.length >= mostVersions)
    return { ...step, action: 'refuse', reason: `there are ${mostVersions} versions already, which is the limit` };
  return { ...step, action: 'add' };
}

function planExisting(before: TypeVersion, wanted: WantedVersion, highest: number): VersionStep {
  const version = toStore(before.version, wanted, before.examples);
  const compatibility = compatibilityOf(compareSchemas(before.schema, version.schema));
  const step = { version, comparedWith: before.version, compatibility };
  if (same(before.schema, version.schema) && same(before.examples, version.examples)) return { ...step, action: 'keep' };
  if (compatibility.compatible) return { ...step, action: 'replace' };
  if (wanted.version === 'auto') return { ...step, version: { ...version, version: highest + 1 }, action: 'add' };
  return {
    ...step,
    action: 'refuse',
    reason: `breaks version ${before.version}: a breaking change needs a new version number, such as ${highest + 1}`,
  };
}

function toStore(version: number, { schema, examples }: WantedVersion, usual: unknown[]): TypeVersion {
  return { version, ...(schema !== undefined && schema !== null && { schema }), examples: examples ?? usual };
}
