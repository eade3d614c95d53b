// Forgets what was learnt of where an endpoint led: within the transaction that makes it lead elsewhere.
//
// What if an answer of where it led before comes later? Whatever is recorded of an answer names the version of the target that was asked, and that is not the
// endpoint's any more. And what if nobody wakes its lane after the commit? It is due, and the sweep does.
import { uuidOf } from '../domain/ids.ts';
import { unverified } from '../domain/verification.ts';
import type { Db } from './pool.ts';

type Querying = Pick<Db, 'query'>;

/** A gate that Posthorn closed opens; one that a person closed, or that waits for an agreement, stays closed. */
export async function forgetTarget(db: Querying, endpointId: string): Promise<void> {
  const { rows } = await db.query<{ target_version: number }>({
    name: 'forget_target',
    text: `
      update endpoints set target_version = target_version + 1, not_before = null,
        gate = case when gate <> 'disabled' then gate when verification_state in ('none', 'verified') then 'open' else 'held' end,
        gate_reason = case when gate <> 'disabled' then gate_reason when verification_state not in ('none', 'verified') then '${unverified}' end,
        version = nextval('config_version'), updated_at = now()
      where id = $1
      returning target_version`,
    values: [uuidOf(endpointId)],
  });
  await db.query({ name: 'forget_health', text: 'delete from endpoint_health where endpoint_id = $1', values: [uuidOf(endpointId)] });
  await db.query({
    name: 'forget_lane_facts',
    text: `
      update lanes set target_version = $2, allowance = null, circuit = null, failing_since = null,
        due_at = case when state = 'awake' then due_at else now() end, updated_at = now()
      where endpoint_id = $1`,
    values: [uuidOf(endpointId), rows[0]?.target_version],
  });
}
