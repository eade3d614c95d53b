// giveCommand: gives a command from the operator workflow to any delivery: changes its row and
// signals its workflow, like the API. Idempotency key: (delivery, command), as in
// obeyDeliveryCommand.
import { commandAction } from '#domain/access/audit';
import { type Command, obstacles } from '#domain/deliveries/delivery';
import { isId } from '#domain/ids';
import type { GiveCommand } from '#temporal/commands';
import { temporalAudit } from './temporal-audit.ts';

/** Returns the result as a text for the operator's `recent` query. */
export function createGiveCommandActivity(give: GiveCommand) {
  return async function giveCommand({ deliveryId, command }: { deliveryId: string; command: Command }): Promise<string> {
    const audit = temporalAudit(commandAction(command));
    const result = isId('dlv', deliveryId) ? await give(deliveryId, command, audit) : null;
    if (!result) return 'no such delivery';
    if (result.obstacle) return obstacles[result.obstacle];
    return result.obeyed ? `done, now ${result.status}` : `not possible while ${result.status}`;
  };
}
