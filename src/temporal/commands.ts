// Gives a command to a delivery from outside its workflow: changes the row, then wakes the lane of
// a held delivery and signals the workflow to read the row. If the process or Temporal fails in
// between, the row stays marked, and the sweep sends the signal.

import type { Audit } from '#db/audit/audit';
import { type CommandResult, obeyCommand } from '#db/deliveries/commands';
import { markSignalled, readDeliveryRef, type UnsignalledDelivery } from '#db/deliveries/delivery-refs';
import type { Db } from '#db/store/pool';
import type { Command } from '#domain/deliveries/delivery';
import type { Lanes } from '#domain/lanes/lane';
import type { Logger } from '#runtime/logger';
import type { Starter } from './starter.ts';

/**
 * Resolves after the row is changed and the workflow is signalled (or Temporal is unavailable), or the relays are notified. Null: no such delivery.
 * Without `audit` nothing is written to the audit log: the command follows from a change that has its own entry.
 */
export type GiveCommand = (deliveryId: string, command: Command, audit?: Audit) => Promise<CommandResult | null>;

export interface CommandDeps {
  db: Db;
  starter: Pick<Starter, 'look'>;
  lanes: Lanes;
  log: Logger;
}

export function createGiveCommand({ db, starter, lanes, log }: CommandDeps): GiveCommand {
  return async (deliveryId, command, audit) => {
    const result = await obeyCommand(db, deliveryId, command, 'outside', audit);
    if (!result?.obeyed) return result;
    try {
      await wakeAfterCommand(lanes, result);
      // read after the change: the new status says whether the workflow must be open
      const delivery = result.toldRelays ? null : await readDeliveryRef(db, deliveryId);
      if (delivery) await signalChange({ db, starter }, delivery, `command ${command.kind}`);
    } catch (error) {
      log.warn({ err: error, deliveryId, command: command.kind }, 'command.workflow_not_signalled');
    }
    return result;
  };
}

/**
 * Makes the workflow of a changed delivery read its row, then clears the mark of that change. A newer mark stays: its
 * change may have come after the workflow read the row.
 */
export async function signalChange(
  { db, starter }: Pick<CommandDeps, 'db' | 'starter'>,
  delivery: UnsignalledDelivery,
  startedBy: string,
): Promise<void> {
  await starter.look(delivery, startedBy);
  if (delivery.unsignalledSince !== null) await markSignalled(db, delivery.deliveryId, delivery.unsignalledSince);
}

/**
 * Call it after the command is committed; repeating it does no harm. A lane that waits for this delivery is blocked, and
 * drains again only when woken.
 */
export async function wakeAfterCommand(lanes: Lanes, { obeyed, status, endpointId, unblocks }: CommandResult): Promise<void> {
  if (!obeyed) return;
  if (unblocks) await lanes.changed(endpointId);
  if (status === 'held') await lanes.parked([endpointId]);
}
