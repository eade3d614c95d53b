// The view that one of several processes has of the others: port, metrics and sandbox recordings are
// shared through the primary process.

import { shareOfMachine } from '#config/processes';
import { type Machine, thisMachine } from '#config/sizing';
import type { KeptRecordings } from '#sandbox/recordings';
import type { Page } from '#telemetry/summed-metrics';
import type { Telemetry } from '#telemetry/telemetry';
import { Calls } from './calls.ts';
import type { ChildCalls, ChildInput, PrimaryCalls } from './child-protocol.ts';
import { type Listening, localOrigin } from './listening.ts';
import { SharedListening } from './shared-listening.ts';

/** For what a client waits for. */
const withinMs = 5_000;

export interface Siblings {
  /** This process's share. */
  machine: Machine;
  /** The shared port, whose connections this process gets once it can answer. */
  listening: Listening;
  recordings: KeptRecordings;
  /** The returned function gives the page of all processes. Call it once. */
  openPage(telemetry: Telemetry): () => Promise<Page>;
  /** From now on this process must be stopped in order. */
  opened(stop: () => Promise<void>): void;
  /** This process answers requests. */
  serving(): Promise<void>;
}

export interface Primary {
  input(): Promise<ChildInput>;
  siblings(input: ChildInput, host: string, opened: Siblings['opened']): Siblings;
  ready(lines: string[]): Promise<void>;
}

/** Connects to the primary over the IPC channel of this process. */
export function connectToPrimary(): Primary {
  let collect: ChildCalls['metrics'] = async () => [];
  let take: ChildCalls['take'] = () => false;
  const calls = new Calls<PrimaryCalls>((message) => void process.send?.(message, undefined, undefined, () => undefined), {
    metrics: (ofStores) => collect(ofStores),
    take: (beforeMs, socket) => take(beforeMs, socket),
  } satisfies ChildCalls);
  process.on('message', (message, socket) => void calls.receive(message, socket));
  process.on('disconnect', () => calls.close());
  return {
    input: () => calls.ask('input', []),
    ready: (lines) => calls.ask('ready', [lines]),
    siblings({ count, port, origin }, host, opened) {
      const listening = new SharedListening(localOrigin(host, port), origin, () => calls.ask('joins', []));
      take = listening.take;
      return {
        machine: shareOfMachine(thisMachine(), count),
        listening,
        recordings: {
          countAttempt: (...args) => calls.ask('countAttempt', args, { withinMs }),
          record: (...args) => calls.ask('record', args, { withinMs }),
          requestsOf: (...args) => calls.ask('requestsOf', args, { withinMs }),
          forget: (...args) => calls.ask('forget', args, { withinMs }),
        },
        openPage(telemetry) {
          collect = (ofStores) => telemetry.collect(ofStores);
          return () => calls.ask('metricsPage', [], { withinMs });
        },
        opened,
        serving: () => calls.ask('serving', []),
      };
    },
  };
}
