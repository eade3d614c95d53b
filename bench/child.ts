// A child process of the bench. Exchanges messages over Node's IPC channel, and ends with the
// bench.
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';

export interface Child<Order, Answer extends { kind: string }> {
  pid: number;
  give(order: Order): void;
  /** Resolves to the next answer of this kind. Rejects if the child ends first. */
  next<Kind extends Answer['kind']>(kind: Kind): Promise<Extract<Answer, { kind: Kind }>>;
  stop(): Promise<void>;
}

export function startChild<Order extends object, Answer extends { kind: string }>(file: string): Child<Order, Answer> {
  const child = fork(join(import.meta.dirname, file), { serialization: 'advanced' });
  const ended = once(child, 'exit');
  return {
    pid: child.pid ?? 0,
    // it may have ended, because the run was interrupted: without the callback that would be an uncaught error
    give: (order) => void child.send(order, () => undefined),
    next: <Kind extends Answer['kind']>(kind: Kind) =>
      new Promise<Extract<Answer, { kind: Kind }>>((resolve, reject) => {
        const onMessage = (message: unknown) => {
          const answer = message as Answer;
          if (answer.kind !== kind) return;
          stopListening();
          resolve(answer as Extract<Answer, { kind: Kind }>);
        };
        const onExit = () => {
          stopListening();
          reject(new Error(`${file} has ended`));
        };
        const stopListening = () => child.off('message', onMessage).off('exit', onExit);
        child.on('message', onMessage).on('exit', onExit);
      }),
    async stop() {
      if (child.exitCode !== null || child.signalCode !== null) return;
      if (child.connected) child.disconnect();
      const killer = setTimeout(() => child.kill('SIGKILL'), 2_000);
      await ended;
      clearTimeout(killer);
    },
  };
}
