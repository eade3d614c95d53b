// Wakeups of waiting drains. A wakeup that comes between two waits is not lost.
import { expect, it } from 'vitest';
import { createDrainWakeups } from '#lanes/drain-wakeups';

const longMs = 3_600_000;

/** Waits for longer than a test lasts, unless it is woken. */
function waiter(wakeups = createDrainWakeups()) {
  const stopping = new AbortController();
  const state = { done: false };
  const wait = (endpointId: string) =>
    wakeups.wait(endpointId, longMs, stopping.signal).then(() => {
      state.done = true;
    });
  return { wakeups, state, wait, stop: () => stopping.abort() };
}

const turn = () => new Promise((resolve) => setImmediate(resolve));

it('ends the wait of the named endpoint, and of no other', async () => {
  const wakeups = createDrainWakeups();
  const [one, other] = [waiter(wakeups), waiter(wakeups)];
  const waits = [one.wait('ep_1'), other.wait('ep_2')];
  wakeups.wake(['ep_1', 'ep_3']);
  await waits[0];
  await turn();
  expect(other.state.done).toBe(false);
  other.stop();
  await waits[1];
});

it('keeps a wakeup between two waits, once', async () => {
  const { wakeups, state, wait, stop } = waiter();
  // the drain is known after its first wait
  const first = wait('ep_1');
  wakeups.wake(['ep_1']);
  await first;
  wakeups.wake(['ep_1']);
  wakeups.wake(['ep_1']);
  await wait('ep_1');
  state.done = false;
  const last = wait('ep_1');
  await turn();
  expect(state.done).toBe(false);
  stop();
  await last;
});
