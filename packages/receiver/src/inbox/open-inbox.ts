// Makes an inbox of a store: adds what all inboxes have in common.
import { checkOptions } from '../check-options.ts';
import { defaults, gapWaitOf } from '../options.ts';
import { workDefaults } from './handling.ts';
import type { Inbox, InboxStore, OpenInbox } from './store.ts';
import { Worker } from './worker.ts';

export function inboxOf<Tx>(store: InboxStore<Tx>): Inbox<Tx> {
  const open: Inbox<Tx>['open'] = (find, log, options): OpenInbox => {
    checkOptions(options);
    const whole = { ...defaults, ...workDefaults, ...options };
    const { name, keepMs } = whole;
    const worker = new Worker({ store, find, log, options: whole });
    const ready = setUpOnce(store);
    let isWarned = false;
    const settle = async (id: string, what: 'retry' | 'discard') => {
      await ready();
      const done = await store.settle(name, id, what, keepMs);
      worker.kick();
      return done;
    };
    return {
      async accept(items) {
        await ready();
        const results = await store.accept(name, items, { again: options.replays === 'run', gapWaitMs: gapWaitOf(options) });
        worker.kick();
        if (!worker.isStarted && !isWarned) log.warn({ receiver: name }, 'webhook.not_started: events wait for start() or drain()');
        isWarned = true;
        return results;
      },
      start: () => ready().then(() => worker.start()),
      stop: (timeoutMs) => worker.stop(timeoutMs),
      async drain() {
        isWarned = true;
        await ready();
        return worker.drain();
      },
      deadLetters: {
        list: (limit = 100) => ready().then(() => store.dead(name, limit)),
        retry: (id) => settle(id, 'retry'),
        discard: (id) => settle(id, 'discard'),
      },
      gaps: () => ready().then(() => store.gaps(name)),
    };
  };
  return { ...store, open };
}

/** Tried again at the next call if it fails. */
function setUpOnce({ setup }: Pick<InboxStore, 'setup'>): () => Promise<void> {
  let done: Promise<void> | undefined;
  return () => {
    done ??= Promise.resolve(setup?.()).catch((error) => {
      done = undefined;
      throw error;
    });
    return done;
  };
}
