// Applies a document to the catalogue: all of it, or nothing. Plan and changes are one transaction, and other changes of the
// catalogue wait for its end.
import { type AuditEntry, changedFields, withoutSecrets } from '#domain/access/audit';
import type { CatalogueType } from '#domain/documents/catalogue-type';
import { type PlannedType, planCatalogue } from '#domain/documents/plan-catalogue';
import { inStretches } from '#domain/in-stretches';
import type { Converter } from '#domain/shaping/pins';
import { type Audit, appendAudit } from '../audit/audit.ts';
import { type Db, inTransaction } from '../store/pool.ts';
import { targetOf } from './change-catalogue.ts';
import { putConverter, readConverters, removeConverter } from './converters.ts';
import type { StoredType } from './event-type-row.ts';
import { readAllTypes } from './event-types.ts';
import { insertType, putVersion, removeType, updateType } from './type-writes.ts';

type Querying = Pick<Db, 'query'>;

export interface ApplyOptions {
  prune: boolean;
  /** Everything is rolled back. */
  dryRun: boolean;
  newId(): string;
  audit: Audit;
  /**
   * Called when versions of the type were stored, or converters from or to them, before the commit. An error that it throws
   * rolls everything back.
   */
  versionsStored(db: Querying, type: string, versions: number[]): Promise<void>;
}

/** `full`: there would be too many types. */
export type Applied = { plan: PlannedType[]; applied: boolean } | 'full';

/** All types with their converters, by name. */
export async function readCatalogue(db: Querying): Promise<(StoredType & { converters: Converter[] })[]> {
  const types = await readAllTypes(db);
  const known = await readConverters(
    db,
    types.map(({ name }) => name),
  );
  return types.map((type) => ({ ...type, converters: known.get(type.name)?.converters ?? [] }));
}

/** Ends a dry run. */
class RolledBack extends Error {
  override name = 'RolledBack';
  readonly plan: PlannedType[];

  constructor(plan: PlannedType[]) {
    super('dry run');
    this.plan = plan;
  }
}

class Full extends Error {
  override name = 'Full';
}

/** Nothing is applied if a step of the plan is refused. */
export async function applyCatalogue(db: Db, types: readonly CatalogueType[], options: ApplyOptions): Promise<Applied> {
  try {
    return await inTransaction(db, async (client) => {
      await client.query('lock table event_types in exclusive mode');
      const plan = await inStretches(planCatalogue(await readCatalogue(client), types, options.prune));
      if (plan.some(({ action }) => action === 'refuse')) return { plan, applied: false };
      const steps = plan.filter(({ action }) => action !== 'keep');
      const entries: AuditEntry[] = [];
      for (const step of steps) entries.push(await applyStep(client, step, options));
      if (options.dryRun) throw new RolledBack(plan);
      // last, because from the first on all other changes wait
      for (const entry of entries) await appendAudit(client, options.audit, entry);
      return { plan, applied: steps.length > 0 };
    });
  } catch (error) {
    if (error instanceof Full) return 'full';
    if (error instanceof RolledBack) return { plan: error.plan, applied: false };
    throw error;
  }
}

/** Returns what the audit log says of it. */
async function applyStep(client: Querying, step: PlannedType, { newId, versionsStored }: ApplyOptions): Promise<AuditEntry> {
  const { name, action, fields, before, settings } = step;
  if (settings === null) {
    await removeType(client, name);
    return { ...targetOf(name), before: withoutSecrets({ ...before }), after: null };
  }
  if (action === 'create' && (await insertType(client, { id: newId(), name, settings })) === 'full') throw new Full();
  if (action === 'change' && fields.length > 0) await updateType(client, name, settings);
  const put = step.versions.filter((version) => version.action === 'add' || version.action === 'replace');
  for (const { version } of put) await putVersion(client, name, version);
  const versions = put.map(({ version }) => version.version);
  const converters = step.converters.filter((one) => one.action !== 'keep');
  for (const one of converters) {
    if (one.action === 'delete') await removeConverter(client, name, one.from, one.to);
    else await putConverter(client, name, one);
  }
  const touched = [...new Set([...versions, ...converters.map(({ from }) => from)])];
  if (touched.length > 0) await versionsStored(client, name, touched);
  const changed = changedFields(fields, before ?? {}, settings);
  const after = { ...changed.after, versions, ...(converters.length > 0 && { converters: converters.map(showConverter) }) };
  return { ...targetOf(name), before: before && changed.before, after };
}

const showConverter = ({ from, to, action }: PlannedType['converters'][number]) => ({ from, to, action });
