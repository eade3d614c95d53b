// Erases payloads earlier than their events where a tenant says so (docs/retention.md). Safe to interrupt and to repeat.
import { setTimeout as delay } from 'node:timers/promises';
import {
  type ErasedPage,
  erasePayloads,
  erasePayloadsScheduled,
  type TenantToErase,
  tenantsWithPayloadDays,
} from '#db/events/payload-retention';
import type { Db } from '#db/store/pool';
import { firstUuidAt } from '#domain/ids';
import type { Lanes } from '#domain/lanes/lane';
import type { Logger } from '#runtime/logger';

const dayMs = 86_400_000;
const pageSize = 200;
const tenantsAtOnce = 500;
/** Of one tenant, so that a large one does not keep the others waiting until the next run. */
const pagesInTurn = 50;
const breathMs = 5;

export interface PayloadRetentionDeps {
  db: Db;
  lanes: Pick<Lanes, 'changed'>;
  log: Logger;
  keepDays: number;
}

/** Tenants in turn, until nothing is due. Returns how many events were erased. */
export async function eraseOldPayloads(deps: PayloadRetentionDeps, signal: AbortSignal): Promise<number> {
  let [erased, more] = [0, true];
  while (more && !signal.aborted) {
    more = false;
    for (let after: string | null = null; !signal.aborted; ) {
      const tenants: TenantToErase[] = await tenantsWithPayloadDays(deps.db, after, tenantsAtOnce);
      for (const tenant of tenants) {
        const done = await eraseOfTenant(deps, tenant, signal);
        erased += done.erased;
        more ||= done.more;
      }
      after = tenants.at(-1)?.tenantId ?? null;
      if (after === null || tenants.length < tenantsAtOnce) break;
    }
  }
  if (erased > 0) deps.log.info({ erased }, 'retention.payloads_erased');
  return erased;
}

async function eraseOfTenant({ db, lanes, keepDays }: PayloadRetentionDeps, tenant: TenantToErase, signal: AbortSignal) {
  // a day more than retention keeps: the lowest bound selects the partitions
  const since = firstUuidAt(tenant.dueBeforeMs + (tenant.payloadDays - keepDays - 2) * dayMs);
  const steps = [() => erasePayloads(db, tenant, since, pageSize), () => erasePayloadsScheduled(db, tenant, pageSize)];
  const done = { erased: 0, more: false };
  for (const step of steps) {
    let page: ErasedPage | undefined;
    for (let left = pagesInTurn; left > 0 && page?.more !== false && !signal.aborted; left--) {
      page = await step();
      done.erased += page.erased;
      for (const endpointId of page.lanes) await lanes.changed(endpointId);
      await delay(page.more ? breathMs : 0);
    }
    done.more ||= page?.more === true;
  }
  return done;
}
