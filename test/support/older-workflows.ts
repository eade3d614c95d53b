// Workflows of a version whose history does not fit the code of today: `deliver` begins with a timer.
import { condition, sleep } from '@temporalio/workflow';

export async function deliver(): Promise<void> {
  await sleep('1 minute');
  await condition(() => false);
}
