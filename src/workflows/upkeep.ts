// upkeep: creates partitions in advance and deletes expired rows. A Temporal Schedule starts it
// every 6 hours.
import { proxyActivities } from '@temporalio/workflow';
import type { Activities } from '#activities/index';
import { ourFaults } from './retry.ts';

const { keepStore } = proxyActivities<Activities>({ startToCloseTimeout: '10 minutes', heartbeatTimeout: '1 minute', retry: ourFaults });

/** Returns counts for the Web UI. */
export async function upkeep(): Promise<{ partitionsMade: number; rowsDeleted: number }> {
  return keepStore();
}
