// Upkeep by Schedule: partitions ahead of time, and what has outlived its use out of the tables.
import { proxyActivities } from '@temporalio/workflow';
import type { Activities } from '#activities/index';
import { ourFaults } from './retry.ts';

const { keepStore } = proxyActivities<Activities>({ startToCloseTimeout: '10 minutes', heartbeatTimeout: '1 minute', retry: ourFaults });

/** Returns what was done, for the Web UI. */
export async function upkeep(): Promise<{ partitionsMade: number; rowsDeleted: number }> {
  return keepStore();
}
