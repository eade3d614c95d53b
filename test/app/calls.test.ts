// Calls between two processes over a channel.
import { expect, it } from 'vitest';
import { Calls } from '#app/calls';

type Calculator = { add(a: number, b: number): number; fail(): never; wait(): Promise<void> };

/** Two sides with a channel between them. */
function connect(isOpen = () => true) {
  const asking: Calls<Calculator> = new Calls<Calculator>((message) => {
    if (!isOpen()) throw new Error('the channel is closed');
    void answering.receive(structuredClone(message));
  }, {});
  const answering: Calls<Record<string, never>> = new Calls((message) => void asking.receive(structuredClone(message)), {
    add: (a: number, b: number) => a + b,
    fail: () => {
      throw new Error('it failed');
    },
    wait: () => new Promise(() => undefined),
  } satisfies Calculator);
  return asking;
}

it('answers concurrent calls, each with its own result', async () => {
  const calls = connect();
  expect(await Promise.all([1, 2, 3].map((n) => calls.ask('add', [n, 10])))).toEqual([11, 12, 13]);
});

it('fails a call that fails on the other side, that is late, that is unknown, or that loses the channel', async () => {
  const calls = connect();
  await expect(calls.ask('fail', [])).rejects.toThrow('it failed');
  await expect(calls.ask('wait', [], { withinMs: 10 })).rejects.toThrow('did not answer `wait` within 10 ms');
  await expect(calls.ask('toString' as 'add', [1, 2])).rejects.toThrow('unknown call: toString');
  const waiting = expect(calls.ask('wait', [])).rejects.toThrow('the other process is gone');
  calls.close();
  await waiting;
  await expect(connect(() => false).ask('add', [1, 2])).rejects.toThrow('the channel is closed');
});

it('ignores messages that are no calls', async () => {
  const calls = connect();
  for (const message of [null, 'text', 7, {}, { answerTo: 99, value: 1 }]) await calls.receive(message);
  expect(await calls.ask('add', [1, 2])).toBe(3);
});
