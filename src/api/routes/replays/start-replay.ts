// Starts a replay job, or counts what it would replay. Called for POST /v1/replays.
import type { z } from 'zod';
import { countSelected } from '#db/replays/count-selected';
import { readTarget } from '#db/replays/replays';
import { firstUuidAt } from '#domain/ids';
import { paces } from '#domain/replays/pace';
import { type newReplay, type ReplaySelection, replayProblems, selectionOf } from '#domain/replays/replay';
import { nameOf } from '../../access/auth.ts';
import { tenantMeant } from '../../access/grant-limits.ts';
import { invalid, notFound } from '../../http/problem.ts';
import { type Answer, answer, type Call } from '../../http/route.ts';
import { linksFor } from '../deliveries/show-delivery.ts';
import type { ApiDeps } from '../deps.ts';
import { showReplayOf } from './show-replay.ts';

/** A dry run that takes longer is given up. */
const longestCountMs = 20_000;

interface Target {
  tenantId: string | null;
  endpointId: string | null;
}

/** Throws a 422 or a 404, and then stores nothing. */
export async function startReplay(deps: ApiDeps, call: Call<unknown, unknown, z.output<typeof newReplay>>): Promise<Answer> {
  const { body, caller, ids, audit } = call;
  const nowMs = Date.now();
  const problems = replayProblems(body, nowMs);
  if (problems.length > 0) throw invalid(problems);
  const target = await targetOf(deps, call);
  const selection = selectionOf(body, nowMs);
  if (body.dryRun) return answer(200, await count(deps, target, selection));
  const replayId = ids.next('rpl');
  const { perSecond = paces.usual } = body;
  await deps.replays.create({ replayId, ...target, selection, perSecond, createdBy: nameOf(caller) }, audit);
  return answer(202, await showReplayOf(linksFor(deps, caller), replayId));
}

/** An endpoint of another tenant is answered like an unknown one. */
async function targetOf({ db }: ApiDeps, { body, caller }: Call<unknown, unknown, z.output<typeof newReplay>>): Promise<Target> {
  const tenant = await tenantMeant(db, caller, body.tenant);
  if (body.endpoint === undefined) return { tenantId: tenant?.id ?? null, endpointId: null };
  const tenantId = await readTarget(db, body.endpoint);
  if (!tenantId || (tenant && tenant.id !== tenantId)) throw notFound('endpoint', 'endpoint');
  return { tenantId, endpointId: body.endpoint };
}

async function count({ db, contents }: ApiDeps, target: Target, { since, until, ...selection }: ReplaySelection) {
  const deadline = performance.now() + longestCountMs;
  const bounds = { from: firstUuidAt(Date.parse(since)), below: firstUuidAt(Date.parse(until)), asOf: null };
  return countSelected(db, contents, { ...target, ...selection, ...bounds }, () => {
    if (performance.now() < deadline) return;
    throw invalid([{ path: 'since', message: 'begins a window with more than can be counted in 20 s; choose a shorter one' }]);
  });
}
