// The workflow code of the previous build, recorded by bench/record-previous-build.ts, and the activities that it calls.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import type { Activities } from '#activities/index';
import type { WorkerOptions } from '#app/worker';
import type { CommandAnswer } from '#contract/workflow-contract';
import type { Command } from '#domain/deliveries/delivery';

const file = join(import.meta.dirname, '../previous-build/workflows.js.gz');

export function previousBuild(): NonNullable<WorkerOptions['otherBuild']> {
  return { workflowBundle: { code: gunzipSync(readFileSync(file)).toString() }, activitiesFrom };
}

const inWords = ({ status, reason }: CommandAnswer) => reason ?? `${status}`;

/** This build's activities. Those that have changed since then have the names and results of then. */
function activitiesFrom(ours: Activities): Activities {
  const then = {
    obeyDeliveryCommand: async (input: Parameters<Activities['obeyDeliveryCommand']>[0]) => (await ours.obeyDeliveryCommand(input)).state,
    giveCommand: async (order: { deliveryId: string; command: Command }) =>
      (await ours.obeyOrders({ orders: [order] })).map(inWords).join(),
    setGate: async (input: Parameters<Activities['setGate']>[0]) => inWords(await ours.setGate(input)),
    skipHead: async (input: Parameters<Activities['skipHead']>[0]) => inWords(await ours.skipHead(input)),
  };
  return { ...ours, ...then } as unknown as Activities;
}
