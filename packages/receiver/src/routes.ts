// Which handler an event has, by its type.
import type { WebhookEvent } from './events.ts';

export interface HandlerContext<Tx = unknown> {
  /** Which attempt to handle the event this is, from 1. */
  attempt: number;
  /** Aborted when the handler takes too long, when the lease was lost, and when the receiver stops. */
  signal: AbortSignal;
  /**
   * Only with `postgresInbox`. Runs `work` in a transaction that also ends the event as done: its writes happen exactly
   * once, whatever crashes when. Throws LeaseLost if another worker has the event: then nothing was written.
   */
  transaction(work: (tx: Tx) => Promise<void>): Promise<void>;
}

// biome-ignore lint/suspicious/noExplicitAny: a handler knows the type of its data
export type Handler<Type extends string = string, Data = any, Tx = unknown> = (
  event: WebhookEvent<Type, Data>,
  context: HandlerContext<Tx>,
) => Promise<void> | void;

export type FindHandler<Tx> = (type: string) => Handler<string, unknown, Tx> | undefined;

/** Longer patterns win: `order.created` over `order.*` over `*`. */
export function routes<Tx>() {
  const handlers = new Map<string, Handler<string, unknown, Tx>>();
  return {
    add(pattern: string, handler: Handler<string, unknown, Tx>): void {
      if (!/^(\*|[^*\s]+|[^*\s]+\.\*)$/.test(pattern))
        throw new TypeError(`${pattern} is neither an event type, nor a prefix such as order.*, nor *`);
      if (typeof handler !== 'function') throw new TypeError(`${pattern} needs a function as its handler`);
      if (handlers.has(pattern)) throw new TypeError(`${pattern} has a handler already`);
      handlers.set(pattern, handler);
    },
    find(type: string): Handler<string, unknown, Tx> | undefined {
      const parts = type.split('.');
      const prefixes = parts.map((_, n) => `${parts.slice(0, parts.length - n - 1).join('.')}.*`).slice(0, -1);
      return [type, ...prefixes, '*'].map((name) => handlers.get(name)).find(Boolean);
    },
  };
}
