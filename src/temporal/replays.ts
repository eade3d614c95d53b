// Replay jobs in Temporal: starts their workflow, and tells it to read the row after a command. The row is committed first and
// marked, so after a crash, or while Temporal is away, a chore does it later. Repeating it does no harm.
import { WorkflowNotFoundError } from '@temporalio/client';
import { endpointAttribute, lookSignal, replayWorkflowId, tenantAttribute, workflowTypes } from '#contract/workflow-contract';
import type { Audit } from '#db/audit/audit';
import { deleteOldReplays, leftReplays, markReplaySignalled, type ReplayRef, readReplayRef } from '#db/replays/open-replays';
import { commandReplay, type ReplayCommandResult, setReplayPace } from '#db/replays/replay-commands';
import { createReplay, type ReplayToCreate } from '#db/replays/replays';
import type { Db } from '#db/store/pool';
import type { ReplayCommand } from '#domain/replays/replay';
import type { Timings } from '#domain/timings';
import type { Logger } from '#runtime/logger';
import type { TemporalLink } from './link.ts';
import { type Start, startWorkflow } from './start-workflow.ts';

export interface Replays {
  /** Resolves when the row is committed, and its workflow is started or Temporal is unavailable. */
  create(replay: ReplayToCreate, audit: Audit): Promise<void>;
  /** The same. Null: no such job. */
  command(replayId: string, command: ReplayCommand, audit: Audit): Promise<ReplayCommandResult | null>;
  /** Takes effect with the next page. Null: no such job. */
  /** `check` is called with the pace before, under the row's lock. */
  setPace(replayId: string, perSecond: number, audit: Audit, check?: (perSecond: number) => void): Promise<ReplayCommandResult | null>;
  /** Signals and starts what was left. */
  lookAfter(signal: AbortSignal): Promise<void>;
  /** Deletes jobs that ended 90 days ago, and what ended jobs have left. */
  deleteOld(signal: AbortSignal): Promise<void>;
}

export interface ReplaysDeps {
  db: Db;
  link: TemporalLink;
  log: Logger;
  timings: Timings['replays'];
}

export function createReplays({ db, link, log, timings }: ReplaysDeps): Replays {
  async function tell(ref: ReplayRef): Promise<void> {
    await (ref.isOpen ? lookOrStart(link, ref) : lookIfOpen(link, ref.replayId));
    if (ref.unsignalledSince !== null) await markReplaySignalled(db, ref.replayId, ref.unsignalledSince);
  }

  async function tellOf(replayId: string): Promise<void> {
    try {
      const ref = await readReplayRef(db, replayId);
      if (ref) await tell(ref);
    } catch (error) {
      log.warn({ err: error, replayId }, 'replay.workflow_not_signalled');
    }
  }

  return {
    async create(replay, audit) {
      await createReplay(db, replay, audit);
      await tellOf(replay.replayId);
    },
    async command(replayId, command, audit) {
      const result = await commandReplay(db, replayId, command, 'outside', audit);
      if (result?.obeyed) await tellOf(replayId);
      return result;
    },
    setPace: (replayId, perSecond, audit, check) => setReplayPace(db, replayId, perSecond, audit, check),
    async lookAfter(signal) {
      const left = await leftReplays(db, { unsignalledMs: timings.unsignalledAfterMs, idleMs: timings.idleAfterMs });
      for (const ref of left) if (!signal.aborted) await tell(ref);
    },
    async deleteOld(signal) {
      while (!signal.aborted && (await deleteOldReplays(db)) > 0);
    },
  };
}

async function lookOrStart(link: TemporalLink, { replayId, tenant, endpointId }: ReplayRef): Promise<void> {
  const start: Start = {
    workflowId: replayWorkflowId(replayId),
    args: [{ replayId }],
    staticSummary: `replay for ${tenant ?? 'all tenants'}`,
    staticDetails: `Replays deliveries of ${tenant === null ? 'all tenants' : `tenant ${tenant}`}${endpointId === null ? '' : `, endpoint ${endpointId}`}.`,
    typedSearchAttributes: [
      ...(tenant === null ? [] : [{ key: tenantAttribute, value: tenant }]),
      ...(endpointId === null ? [] : [{ key: endpointAttribute, value: endpointId }]),
    ],
  };
  await startWorkflow(link, start, (client, options) =>
    client.workflow.signalWithStart(workflowTypes.replay, { ...options, signal: lookSignal, signalArgs: [] }),
  );
}

async function lookIfOpen(link: TemporalLink, replayId: string): Promise<void> {
  try {
    await link.start((client) => client.workflow.getHandle(replayWorkflowId(replayId)).signal(lookSignal));
  } catch (error) {
    if (!(error instanceof WorkflowNotFoundError)) throw error;
  }
}
