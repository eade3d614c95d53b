// Looks at turn queues regularly, but only while something waits in them: an idle process has no timer.
import type { TurnQueue } from './turn-queue.ts';

export interface QueueLooksOptions {
  queues: readonly Pick<TurnQueue, 'look' | 'size'>[];
  everyMs: number;
  /** Posthorn itself is held up, which is not the endpoints' fault. */
  isHeldUp(): boolean;
}

export class QueueLooks {
  readonly #options: QueueLooksOptions;
  #timer: NodeJS.Timeout | undefined;

  constructor(options: QueueLooksOptions) {
    this.#options = options;
  }

  /** To be called before something is put into a queue: the refusals of an earlier time do not count. */
  begin(): void {
    if (this.#timer) return;
    this.#look();
    this.#timer = setInterval(() => this.#lookWhileWaiting(), this.#options.everyMs).unref();
  }

  stop(): void {
    clearInterval(this.#timer);
    this.#timer = undefined;
  }

  #lookWhileWaiting(): void {
    this.#look();
    if (this.#options.queues.every((queue) => queue.size() === 0)) this.stop();
  }

  #look(): void {
    const heldUp = this.#options.isHeldUp();
    for (const queue of this.#options.queues) queue.look(heldUp);
  }
}
