// `migrations/schema.sql` shows the schema after all migrations, for people.
// `npx vitest run test/db/store/schema.test.ts -u` writes it again.
import { expect, it } from 'vitest';
import { migrationsFolder } from '#config/package';
import { migrate } from '#db/store/migrate';
import { createEmptyDatabase } from '../../support/database.ts';
import { schemaText } from './schema-text.ts';

const header = `-- The schema after all migrations, for reading: nothing runs this file. What tables and columns are for is said in the
-- migrations. \`npx vitest run test/db/store/schema.test.ts -u\` writes it again; a test compares it with a database.

`;

it('migrations/schema.sql is the schema of a newly migrated database', async () => {
  const { db, drop } = await createEmptyDatabase();
  try {
    await migrate(db, migrationsFolder);
    await expect(header + (await schemaText(db))).toMatchFileSnapshot('../../../migrations/schema.sql');
  } finally {
    await drop();
  }
});
