// A turn queue under a test's control: the test ends items, moves the clock, and takes slots as
// other users do.
import { createSlots, type SlotLimits } from '#attempts/slots';
import { type SlotAnswer, TurnQueue } from '#attempts/turn-queue';

const lookMs = 250;

export interface Item {
  n: number;
  tenantId: string;
  endpointId: string;
  limit: number | null;
  /** Indexes into `left`: of the last item that had left when this one was pushed, and of this item. */
  cameAfter: number;
  begun: number;
}

interface Running {
  item: Item;
  /** Requests in flight for its endpoint when it began, this one included. */
  atOnce: number;
  end(): void;
}

export function setTable(limits: SlotLimits) {
  const slots = createSlots(limits);
  const pushed: Item[] = [];
  /** The items that were run or given up, in that order. */
  const left: Item[] = [];
  const givenUp: Item[] = [];
  const wants: string[] = [];
  const running: Running[] = [];
  const others: { tenantId: string; endpointId: string; leave(): void }[] = [];
  let clock = 0;
  let heldUp = false;
  const queue = new TurnQueue(slots, () => clock);

  function answered(item: Item, answer: SlotAnswer): void {
    if (answer === 'stopped') return;
    item.begun = left.push(item) - 1;
    if (typeof answer === 'string') {
      givenUp.push(item);
      wants.push(answer);
      return;
    }
    const atOnce = [...running.map((each) => each.item), ...others].filter(({ endpointId }) => endpointId === item.endpointId).length + 1;
    running.push({ item, atOnce, end: answer });
  }

  return {
    queue,
    slots,
    pushed,
    left,
    givenUp,
    /** The reason for each item of `givenUp`. */
    wants,
    running,
    others,
    waiting: () => pushed.filter((item) => !left.includes(item)),
    push(tenantId: string, endpointId: string, limit: number | null = null) {
      const item: Item = { n: pushed.length, tenantId, endpointId, limit, cameAfter: left.length - 1, begun: -1 };
      pushed.push(item);
      queue.wait(tenantId, endpointId, limit, (answer) => answered(item, answer));
    },
    /** Ends one running item. */
    end(which: number) {
      const [ended] = running.splice(which % Math.max(1, running.length), 1);
      ended?.end();
    },
    endAll() {
      for (const each of running.splice(0)) each.end();
    },
    /** Moves the clock and calls `look` every 250 ms. */
    pass(ms: number) {
      for (let left = ms; left > 0; left -= lookMs) {
        clock += Math.min(left, lookMs);
        queue.look(heldUp);
      }
    },
    /** Moves the clock without calling `look`, as when the process is suspended. */
    standStill(ms: number) {
      clock += ms;
    },
    holdUp(held: boolean) {
      heldUp = held;
    },
    othersTake(tenantId: string, endpointId: string) {
      const leave = slots.take(tenantId, endpointId, null);
      if (typeof leave === 'function') others.push({ tenantId, endpointId, leave });
    },
    othersLeave(which: number) {
      const [gone] = others.splice(which % Math.max(1, others.length), 1);
      gone?.leave();
    },
  };
}

export const ofEndpoint = (items: Item[], endpointId: string) => items.filter((item) => item.endpointId === endpointId).map(({ n }) => n);
