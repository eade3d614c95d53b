// Writes the reference pages that have a source in the code: the API and its errors, and the command line. They are not in
// version control, so they cannot be out of date.
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { referencePages } from './pages.ts';

const docs = join(import.meta.dirname, '../..');
rmSync(join(docs, 'reference/api'), { recursive: true, force: true });
for (const { path, text } of referencePages()) {
  const file = join(docs, path);
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, `${text.trimEnd()}\n`);
}
