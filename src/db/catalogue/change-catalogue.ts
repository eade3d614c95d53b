// Changes of one event type, each in one transaction with its entry in the audit log.
import { changedFields, withoutSecrets } from '#domain/access/audit';
import type { TypeSettings, TypeVersion } from '#domain/catalogue/event-type';
import { planVersion, type VersionStep, type WantedVersion } from '#domain/catalogue/plan-version';
import { type Audit, type Audited, audited } from '../audit/audit.ts';
import type { Db } from '../store/pool.ts';
import type { StoredType } from './event-type-row.ts';
import { readType } from './event-types.ts';
import { insertType, putVersion, removeType, type TypeToCreate, updateType } from './type-writes.ts';

/** The part of an audit entry that names the type. It belongs to no tenant. */
export const targetOf = (name: string) => ({ tenantId: null, target: { kind: 'event_type', id: name } });

/** With its first version, if there is one. `taken`, `full`: as `insertType` says. */
export async function createType(
  db: Db,
  made: TypeToCreate,
  first: TypeVersion | null,
  audit: Audit,
): Promise<StoredType | 'taken' | 'full'> {
  return audited(db, audit, async (client): Promise<Audited<StoredType | 'taken' | 'full'>> => {
    const inserted = await insertType(client, made);
    if (inserted === 'taken' || inserted === 'full') return { result: inserted, entry: null };
    if (inserted === 'made' && first) await putVersion(client, made.name, first);
    const stored = await readType(client, made.name);
    const after = withoutSecrets({ ...made.settings, version: first?.version ?? null });
    return { result: stored ?? 'taken', entry: inserted === 'made' ? { ...targetOf(made.name), before: null, after } : null };
  });
}

/** `change` is called under the row's lock; an error that it throws rolls back. Null: no such type. */
export async function changeType(
  db: Db,
  name: string,
  change: (before: StoredType) => TypeSettings,
  audit: Audit,
): Promise<StoredType | null> {
  return audited(db, audit, async (client) => {
    const before = await readType(client, name, true);
    if (!before) return { result: null, entry: null };
    const settings = change(before);
    const fields = changedFields(Object.keys(settings), before.settings, settings);
    if (Object.keys(fields.after).length === 0) return { result: before, entry: null };
    await updateType(client, name, settings);
    return { result: await readType(client, name), entry: { ...targetOf(name), ...fields } };
  });
}

/** With its versions. `check` is called under the row's lock; an error that it throws rolls back. False: no such type. */
export async function deleteType(db: Db, name: string, audit: Audit, check: (before: StoredType) => void): Promise<boolean> {
  return audited(db, audit, async (client) => {
    const before = await readType(client, name, true);
    if (before) check(before);
    if (!before || !(await removeType(client, name))) return { result: false, entry: null };
    return { result: true, entry: { ...targetOf(name), before: withoutSecrets({ ...before.settings }), after: null } };
  });
}

/**
 * Adds or replaces a version, as `planVersion` decides under the row's lock. Nothing is stored if it refuses, or if
 * `dryRun`. `stored` runs before the commit; an error that it throws rolls back. Null: no such type.
 */
export async function putTypeVersion(
  db: Db,
  name: string,
  wanted: WantedVersion,
  dryRun: boolean,
  audit: Audit,
  stored?: (db: Pick<Db, 'query'>, type: StoredType, step: VersionStep) => Promise<void>,
): Promise<{ type: StoredType; step: VersionStep } | null> {
  return audited(db, audit, async (client) => {
    const before = await readType(client, name, true);
    if (!before) return { result: null, entry: null };
    const step = planVersion(before.versions, wanted);
    const { action, version, compatibility } = step;
    if (!dryRun && action === 'keep') await stored?.(client, before, step);
    if (dryRun || action === 'refuse' || action === 'keep') return { result: { type: before, step }, entry: null };
    await putVersion(client, name, version);
    const type = (await readType(client, name)) ?? before;
    await stored?.(client, type, step);
    const after = { version: version.version, replaced: action === 'replace', compatible: compatibility?.compatible ?? null };
    return { result: { type, step }, entry: { ...targetOf(name), before: null, after } };
  });
}
