// Calls between two processes over their IPC channel, in both directions: each side serves functions
// by name and asks the other's. A call fails if the other side fails, is gone, or does not answer in the time it is given.
import type { Socket } from 'node:net';

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

export interface AskOptions {
  /** How long to wait for the answer. Default: as long as the other side lives. */
  withinMs?: number;
  /** The called function gets it as a further argument. It stays open on this side. */
  socket?: Socket;
}

export class Calls<Theirs extends Served> {
  readonly #send: (message: object, socket?: Socket) => void;
  readonly #ours: Map<string, Served[string]>;
  readonly #pending = new Map<number, Pending>();
  #count = 0;
  #isClosed = false;

  constructor(send: (message: object, socket?: Socket) => void, ours: Served) {
    this.#send = send;
    this.#ours = new Map(Object.entries(ours));
  }

  async ask<N extends keyof Theirs & string>(
    name: N,
    args: Parameters<Theirs[N]>,
    { withinMs, socket }: AskOptions = {},
  ): Promise<Awaited<ReturnType<Theirs[N]>>> {
    if (this.#isClosed) throw new Error(gone);
    const id = ++this.#count;
    const { promise, resolve, reject } = Promise.withResolvers<unknown>();
    this.#pending.set(id, { resolve, reject });
    const late = () => reject(new Error(`the other process did not answer \`${name}\` within ${withinMs} ms`));
    const timer = withinMs === undefined ? undefined : setTimeout(late, withinMs);
    try {
      this.#send({ call: name, id, args }, socket);
      return (await promise) as Awaited<ReturnType<Theirs[N]>>;
    } finally {
      clearTimeout(timer);
      this.#pending.delete(id);
    }
  }

  /** Takes a message of the channel. Ignores those of others. The called function begins before this returns. */
  async receive(message: unknown, socket?: unknown): Promise<void> {
    if (typeof message !== 'object' || message === null) return;
    const { call, id, args = [], answerTo, value, error } = message as Message;
    if (answerTo !== undefined) return this.#answered(answerTo, value, error);
    if (call === undefined) return;
    this.#send({ answerTo: id, ...(await this.#run(call, socket === undefined ? args : [...args, socket])) });
  }

  /** Fails all calls in progress, and those to come. */
  close(): void {
    this.#isClosed = true;
    for (const { reject } of this.#pending.values()) reject(new Error(gone));
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

const gone = 'the other process is gone';
