// Asks the receiver what has arrived of a stream.
import { setTimeout as delay } from 'node:timers/promises';
import type { Collected, Progress } from './messages.ts';
import type { Stage } from './stage.ts';

type Receiving = Pick<Stage, 'receiver'>;

export function ask(stage: Receiving, prefix: string, kind: 'progress'): Promise<Progress>;
export function ask(stage: Receiving, prefix: string, kind: 'collected'): Promise<Collected>;
export async function ask({ receiver }: Receiving, prefix: string, kind: 'progress' | 'collected') {
  const answered = receiver.next(kind);
  receiver.give({ kind: kind === 'collected' ? 'collect' : kind, prefix });
  return answered;
}

/** Waits until so many deliveries have arrived. False: not in time. */
export async function delivered(
  stage: Receiving,
  prefix: string,
  { wanted, withinMs }: { wanted: number; withinMs: number },
): Promise<boolean> {
  for (const deadline = Date.now() + withinMs; Date.now() < deadline; await delay(100)) {
    if ((await ask(stage, prefix, 'progress')).delivered >= wanted) return true;
  }
  return false;
}
