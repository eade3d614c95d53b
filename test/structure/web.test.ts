// What the files of dashboard and portal may import: nothing of the server but the domain, nothing of the other door, and a page
// nothing of another page. What two pages share is in `parts`.
import { globSync, readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { importsOf, webFiles } from './imports.ts';

const doors = ['dashboard', 'portal'] as const;
const sharedFolders = ['parts', 'api', 'words', 'look'];

/** The door or shared folder, and in a door the folder of the page; '' for the files directly in a door. */
function placeOf(file: string): { room: string; page: string } {
  const [, , room = '', page = '', ...rest] = file.split('/');
  return { room, page: rest.length > 0 ? page : '' };
}

function isAllowed(from: string, to: string): boolean {
  if (!to.includes('/') || !/^(web|src|packages|bin|test)\//.test(to)) return true;
  if (!to.startsWith('web/src/')) return to.startsWith('src/domain/');
  const [of, at] = [placeOf(from), placeOf(to)];
  if (sharedFolders.includes(at.room)) return true;
  if (of.room !== at.room) return false;
  // the files directly in a door join the pages; the shell is there for all of them
  return of.page === '' || at.page === '' || at.page === 'shell' || of.page === at.page;
}

it('dashboard and portal import only what they may', () => {
  const rooms = new Set(webFiles.map((file) => placeOf(file).room));
  expect([...rooms].sort()).toEqual([...doors, ...sharedFolders.filter((name) => name !== 'look')].sort());
  const imports = webFiles.flatMap((file) => importsOf(file));
  expect(imports.length).toBeGreaterThan(50);
  expect(imports.filter(({ from, to }) => !isAllowed(from, to)).map(({ from, to }) => `${from} -> ${to}`)).toEqual([]);
});

it('the check finds the server, the other door and another page', () => {
  const page = 'web/src/dashboard/deliveries/Deliveries.tsx';
  expect(isAllowed(page, 'src/db/store/pool.ts')).toBe(false);
  expect(isAllowed(page, 'web/src/portal/NoLink.tsx')).toBe(false);
  expect(isAllowed(page, 'web/src/dashboard/endpoints/Lane.tsx')).toBe(false);
  expect(isAllowed('web/src/parts/Time.tsx', page)).toBe(false);
  expect([page, 'web/src/parts/Time.tsx', 'src/domain/text.ts', 'react'].every((to) => isAllowed(page, to))).toBe(true);
});

it('every page is read by `lazyPage`, which waits while Posthorn is away', () => {
  const direct = webFiles.filter((file) => readFileSync(file, 'utf8').includes('lazyRouteComponent'));
  expect(direct).toEqual(['web/src/parts/lazy-page.ts']);
});

it('no test or bench waits by evaluating text in a page, which the policy of the pages forbids', () => {
  // Playwright's `waitForFunction` succeeds if it is true at once, and fails if it must wait. Poll `page.evaluate` instead.
  const files = ['test/web', 'bench', 'bin'].flatMap((folder) => globSync(`${folder}/**/*.{ts,mjs}`));
  expect(files.length).toBeGreaterThan(30);
  expect(files.filter((file) => readFileSync(file, 'utf8').includes('.waitForFunction('))).toEqual([]);
});

/** Closes a dialog, or goes to another page. */
const leadsOn = /\bnavigate\(|\bonClose\b|\bonward\b|\bclose\(|\bset(Is)?(Open|Asking)\w*\(/;

/** What is given to each `useMutation(` of a text. */
function mutationsIn(text: string): string[] {
  return text
    .split(/\buseMutation\(/)
    .slice(1)
    .map((rest) => {
      let depth = 1;
      let at = 0;
      for (; at < rest.length && depth > 0; at++) depth += rest[at] === '(' ? 1 : rest[at] === ')' ? -1 : 0;
      return rest.slice(0, at);
    });
}

it('an answer that comes late closes and opens nothing: `useOrder` leads on, or the callbacks of `mutate`', () => {
  const found = webFiles
    .filter((file) => file !== 'web/src/parts/use-order.ts')
    .filter((file) => mutationsIn(readFileSync(file, 'utf8')).some((given) => leadsOn.test(given)));
  expect(found).toEqual([]);
  expect(mutationsIn('useMutation({ onSuccess: () => onClose() }); navigate(')).toEqual(['{ onSuccess: () => onClose() })']);
});
