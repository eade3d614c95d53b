// Waits for an abort, with the garbage collected meanwhile.
import { setTimeout as delay } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { describe, expect, it } from 'vitest';
import { orAborted, untilAborted } from '#runtime/aborted';

setFlagsFromString('--expose-gc');
const collect: () => void = runInNewContext('gc');

/** Collects what nobody holds. A timer of its own each time: a reference on the stack may be kept until the next one. */
async function collectAll(): Promise<void> {
  for (let round = 0; round < 5; round++) {
    await delay(1);
    collect();
  }
}

/** `wait` gets a signal of two that nobody else holds; then one of them is aborted. */
async function abortedAfterCollection<T>(wait: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const controller = new AbortController();
  const waiting = wait(AbortSignal.any([controller.signal, new AbortController().signal]));
  await collectAll();
  controller.abort();
  return waiting;
}

const never = () => new Promise<never>(() => undefined);

describe('a signal of two, which nobody else holds', () => {
  it('is waited for', async () => {
    expect(await abortedAfterCollection(untilAborted)).toBeUndefined();
  });

  it('ends the wait for work', async () => {
    expect(await abortedAfterCollection((signal) => orAborted(never(), signal))).toBeNull();
  });
});

describe('a signal that is aborted already', () => {
  it('is waited for', async () => {
    expect(await untilAborted(AbortSignal.abort())).toBeUndefined();
  });

  it('ends the wait for work', async () => {
    expect(await orAborted(never(), AbortSignal.abort())).toBeNull();
  });
});

it('the work counts while there is no abort', async () => {
  const { signal } = new AbortController();
  expect(await orAborted(Promise.resolve('done'), signal)).toBe('done');
  await expect(orAborted(Promise.reject(new Error('no')), signal)).rejects.toThrow('no');
});
