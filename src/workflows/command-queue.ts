// The commands that a lane was given by signal or Update.
import { CancellationScope, log } from '@temporalio/workflow';
import type { CommandAnswer } from '#contract/workflow-contract';

/** Runs commands one after the other, in the order in which they came. */
export class CommandQueue {
  readonly #onDone: () => void;
  #last: Promise<unknown> = Promise.resolve();
  #pending = 0;

  /** `onDone` is called after each command, whether it failed or not. */
  constructor(onDone: () => void) {
    this.#onDone = onDone;
  }

  /** Commands that wait or run. */
  get pending(): number {
    return this.#pending;
  }

  /** Never rejects. */
  async add(command: string, act: () => Promise<CommandAnswer>): Promise<CommandAnswer> {
    this.#pending++;
    const answer = this.#last.then(() => CancellationScope.nonCancellable(act)).catch(notObeyed);
    this.#last = answer;
    try {
      const given = await answer;
      log.info('command answered', { command, ...given });
      return given;
    } finally {
      this.#pending--;
      this.#onDone();
    }
  }
}

function notObeyed(error: unknown): CommandAnswer {
  log.warn('command not obeyed', { error });
  return { obeyed: false, reason: 'an internal error, which the log of the worker shows; send it again' };
}
