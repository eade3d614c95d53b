// obeyDeliveryCommand: applies a command that the delivery's own workflow received to the
// delivery's row: the only write of such a command. Idempotency key: the activity, which is the
// `once` of its audit entry; of a replay also its `replayId`.
import type { CommandAnswer } from '#contract/workflow-contract';
import { obeyCommand } from '#db/deliveries/commands';
import { type DeliveryState, readDeliveryState } from '#db/deliveries/deliveries';
import type { Db } from '#db/store/pool';
import { commandAction } from '#domain/access/audit';
import type { Command } from '#domain/deliveries/delivery';
import type { Lanes } from '#domain/lanes/lane';
import { wakeAfterCommand } from '#temporal/commands';
import { answerOfCommand } from './command-answers.ts';
import { temporalAudit } from './temporal-audit.ts';

export interface ObeyedCommand {
  /** The delivery after the command, whether it was obeyed or not. */
  state: DeliveryState;
  answer: CommandAnswer;
}

/** Wakes the lane if the delivery is held now. */
export function createObeyDeliveryCommand(db: Db, lanes: Lanes, auditOf = temporalAudit) {
  return async function obeyDeliveryCommand({ deliveryId, command }: { deliveryId: string; command: Command }): Promise<ObeyedCommand> {
    const result = await obeyCommand(db, deliveryId, command, 'workflow', auditOf(commandAction(command)));
    if (result) await wakeAfterCommand(lanes, result);
    return { state: await readDeliveryState(db, deliveryId), answer: answerOfCommand(result) };
  };
}
