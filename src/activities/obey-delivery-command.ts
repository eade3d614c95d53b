// obeyDeliveryCommand: applies a command that the delivery's own workflow received as a signal to
// the delivery's row: the only write of such a command. Idempotency key: (delivery, command). A
// replay is recognized by its `replayId`; the other commands may be applied twice.
import { obeyCommand } from '#db/deliveries/commands';
import { type DeliveryState, readDeliveryState } from '#db/deliveries/deliveries';
import type { Db } from '#db/store/pool';
import { commandAction } from '#domain/access/audit';
import type { Command } from '#domain/deliveries/delivery';
import type { Lanes } from '#domain/lanes/lane';
import { wakeAfterCommand } from '#temporal/commands';
import { temporalAudit } from './temporal-audit.ts';

/**
 * Returns the state of the delivery after the command, whether it applied or not. Wakes the lane if the delivery is
 * held now.
 */
export function createObeyDeliveryCommand(db: Db, lanes: Lanes, auditOf = temporalAudit) {
  return async function obeyDeliveryCommand({ deliveryId, command }: { deliveryId: string; command: Command }): Promise<DeliveryState> {
    const result = await obeyCommand(db, deliveryId, command, 'workflow', auditOf(commandAction(command)));
    if (result) await wakeAfterCommand(lanes, result);
    return readDeliveryState(db, deliveryId);
  };
}
