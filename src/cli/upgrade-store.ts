// `posthorn migrate`: brings the schema up to date. It needs only the database, and no master key.

import { migrationsFolder } from '#config/package';
import { migrate } from '#db/store/migrate';
import { makePartitions } from '#db/store/partitions';
import { createPool } from '#db/store/pool';

export async function upgradeStore(url: string, print: (line: string) => void): Promise<void> {
  const db = createPool({ url, max: 2, onError: () => undefined });
  try {
    const applied = await migrate(db, migrationsFolder);
    print(`${applied.length} migrations applied, ${await makePartitions(db)} partitions created`);
  } finally {
    await db.end();
  }
}
