// obeyOrders: obeys a batch of commands that the operator workflow was given, like the API.
// Idempotency key: (activity, index of the order), which is the `once` of its audit entry. Orders
// that an earlier run of the activity finished are not obeyed again.
import { activityInfo, Context } from '@temporalio/activity';
import { type CommandAnswer, type OperatorOrder, subjectOf } from '#contract/workflow-contract';
import { isStoreAway } from '#db/store/errors';
import { commandAction } from '#domain/access/audit';
import { isId } from '#domain/ids';
import type { SetGate } from '#lanes/set-gate';
import type { SkipHead } from '#lanes/skip-head';
import type { GiveCommand } from '#temporal/commands';
import { answerOfCommand, answerOfGate, answerOfSkip, noSuchDelivery, noSuchEndpoint } from './command-answers.ts';
import { temporalAudit } from './temporal-audit.ts';

const subjectsAtOnce = 8;
const heartbeatMs = 2_000;
/** Runs of the activity in which an order may fail for a reason other than a missing store. */
const mostTries = 5;

export interface ObeyOrdersDeps {
  giveCommand: GiveCommand;
  setGate: SetGate;
  skipHead: SkipHead;
}

type Answers = (CommandAnswer | null)[];

/**
 * Orders of one delivery or endpoint are obeyed in their order, those of different ones at once. An order of a delivery
 * and one of an endpoint keep their order too: a replay after a pause is held. Returns an answer for each order. If an
 * order fails, the others are obeyed, and then the activity fails; Temporal runs it again for those without an answer.
 */
export function createObeyOrders(deps: ObeyOrdersDeps) {
  return async function obeyOrders({ orders }: { orders: OperatorOrder[] }): Promise<CommandAnswer[]> {
    const context = Context.current();
    const earlier: Answers = context.info.heartbeatDetails ?? [];
    const answers: Answers = orders.map((_order, index) => earlier[index] ?? null);
    const beat = setInterval(() => context.heartbeat(answers), heartbeatMs);
    try {
      for (const stage of stagesOf(orders)) await obeyStage(deps, orders, stage, answers);
      return answers as CommandAnswer[];
    } catch (error) {
      context.heartbeat(answers);
      throw error;
    } finally {
      clearInterval(beat);
    }
  };
}

/** Indexes of neighbours that are all of deliveries, or all of endpoints. */
function stagesOf(orders: readonly OperatorOrder[]): number[][] {
  const stages: number[][] = [];
  for (const [index, order] of orders.entries()) {
    const before = orders[index - 1];
    if (before && 'command' in before === 'command' in order) stages.at(-1)?.push(index);
    else stages.push([index]);
  }
  return stages;
}

async function obeyStage(deps: ObeyOrdersDeps, orders: readonly OperatorOrder[], stage: number[], answers: Answers): Promise<void> {
  const subjects = Map.groupBy(stage, (index) => subjectOf(orders[index] as OperatorOrder)).values();
  const obeyNext = async () => {
    for (const indexes of subjects) {
      for (const index of indexes) answers[index] ??= await obey(deps, orders[index] as OperatorOrder, index);
    }
  };
  const ended = await Promise.allSettled(Array.from({ length: subjectsAtOnce }, obeyNext));
  for (const each of ended) if (each.status === 'rejected') throw each.reason;
}

async function obey(deps: ObeyOrdersDeps, order: OperatorOrder, index: number): Promise<CommandAnswer> {
  try {
    return await give(deps, order, index);
  } catch (error) {
    if (isStoreAway(error) || activityInfo().attempt < mostTries) throw error;
    Context.current().log.error('an order of the operator failed', { error, subject: subjectOf(order) });
    return { obeyed: false, reason: 'an internal error, which the log of the worker shows; send it again' };
  }
}

async function give({ giveCommand, setGate, skipHead }: ObeyOrdersDeps, order: OperatorOrder, index: number): Promise<CommandAnswer> {
  if ('command' in order) {
    const { deliveryId, command } = order;
    if (!isId('dlv', deliveryId)) return noSuchDelivery;
    return answerOfCommand(await giveCommand(deliveryId, command, temporalAudit(commandAction(command), index)));
  }
  const { endpointId } = order;
  if (!isId('ep', endpointId)) return noSuchEndpoint;
  if ('skipHeadOf' in order) return answerOfSkip(await skipHead(endpointId, order.skipHeadOf, temporalAudit('endpoint.skip_head', index)));
  return answerOfGate(order.gate, await setGate(endpointId, order.gate, temporalAudit(`endpoint.${order.gate}`, index)));
}
