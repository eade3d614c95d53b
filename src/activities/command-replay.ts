// commandReplay: a command on a replay job that its workflow was given, like the API. setReplayPace: the same for its pace.
// Idempotency key: the activity, which is the `once` of its audit entry.
import type { CommandAnswer } from '#contract/workflow-contract';
import { commandReplay, type ReplayCommandResult, setReplayPace } from '#db/replays/replay-commands';
import type { Db } from '#db/store/pool';
import type { ReplayCommand } from '#domain/replays/replay';
import { temporalAudit } from './temporal-audit.ts';

export function createCommandReplay(db: Db) {
  return {
    async commandReplay({ replayId, command }: { replayId: string; command: ReplayCommand }): Promise<CommandAnswer> {
      return answerOf(await commandReplay(db, replayId, command, 'workflow', temporalAudit(`replay.${command}`)));
    },
    async setReplayPace({ replayId, perSecond }: { replayId: string; perSecond: number }): Promise<CommandAnswer> {
      return answerOf(await setReplayPace(db, replayId, perSecond, temporalAudit('replay.set_pace')));
    },
  };
}

function answerOf(result: ReplayCommandResult | null): CommandAnswer {
  if (!result) return { obeyed: false, reason: 'no such replay job' };
  const { obeyed, status } = result;
  return obeyed ? { obeyed, status } : { obeyed, status, reason: `not possible while ${status}` };
}
