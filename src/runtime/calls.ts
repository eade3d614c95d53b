// Calls between two processes over their IPC channel, in both directions: each side serves functions
// by name and asks the other's. A call fails if the other side fails, is gone, or does not answer in the time it is given.

// biome-ignore lint/suspicious/noExplicitAny: the arguments of any function
export type Served = Record<string, (...args: any[]) => unknown>;

interface Message {
  /** Of a question: the name of the function. */
  call?: string;
  /** Of a question: its number. */
  id?: number;
  args?: unknown[];
  /** Of an answer: the number of its question. */
  answerTo?: number;
  value?: unknown;
  error?: string;
}

interface Pending {
  resolve(value: unknown): void;
  reject(error: Error): void;
}

export class Calls<Theirs extends Served> {
  readonly #send: (message: Message) => void;
  readonly #ours: Map<string, Served[string]>;
  readonly #pending = new Map<number, Pending>();
  #count = 0;

  /** `send` may throw if the channel is closed. */
  constructor(send: (message: object) => void, ours: Served) {
    this.#send = send;
    this.#ours = new Map(Object.entries(ours));
  }

  /** `withinMs`: how long to wait for the answer. Default: as long as the other side lives. */
  async ask<N extends keyof Theirs & string>(
    name: N,
    args: Parameters<Theirs[N]>,
    withinMs?: number,
  ): Promise<Awaited<ReturnType<Theirs[N]>>> {
    const id = ++this.#count;
    const { promise, resolve, reject } = Promise.withResolvers<unknown>();
    this.#pending.set(id, { resolve, reject });
    const late = () => reject(new Error(`the other process did not answer \`${name}\` within ${withinMs} ms`));
    const timer = withinMs === undefined ? undefined : setTimeout(late, withinMs);
    try {
      this.#send({ call: name, id, args });
      return (await promise) as Awaited<ReturnType<Theirs[N]>>;
    } finally {
      clearTimeout(timer);
      this.#pending.delete(id);
    }
  }

  /** Takes a message of the channel. Ignores those of others. */
  async receive(message: unknown): Promise<void> {
    if (typeof message !== 'object' || message === null) return;
    const { call, id, args = [], answerTo, value, error } = message as Message;
    if (answerTo !== undefined) return this.#answered(answerTo, value, error);
    if (call === undefined) return;
    const answer = await this.#run(call, args);
    try {
      this.#send({ answerTo: id, ...answer });
    } catch {
      // the other side is gone, and its question with it
    }
  }

  /** Fails all calls in progress. */
  close(): void {
    for (const { reject } of this.#pending.values()) reject(new Error('the other process is gone'));
  }

  #answered(id: number, value: unknown, error: string | undefined): void {
    const pending = this.#pending.get(id);
    if (error === undefined) pending?.resolve(value);
    else pending?.reject(new Error(error));
  }

  async #run(call: string, args: unknown[]): Promise<Pick<Message, 'value' | 'error'>> {
    try {
      const run = this.#ours.get(call);
      if (!run) throw new Error(`unknown call: ${call}`);
      return { value: await run(...args) };
    } catch (error) {
      return { error: error instanceof Error ? error.message : String(error) };
    }
  }
}
