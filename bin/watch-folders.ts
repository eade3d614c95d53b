// Reports changed files below some folders, for `npm run dev`. Watches every folder by itself: on
// Linux, Node's recursive watch no longer sees a file after an editor has replaced it.
import { type FSWatcher, readdirSync, statSync, watch } from 'node:fs';
import { join } from 'node:path';

/** Editors and git change several files at once. */
const settleMs = 100;
const isSource = (name: string) => /\.(ts|sql|json)$/.test(name);

/** Calls `onChange` with the changed files, relative to `root`. Does not keep the process alive. */
export function watchFolders(root: string, folders: readonly string[], onChange: (files: string[]) => void): void {
  const watchers = new Map<string, { inode: number; watcher: FSWatcher }>();
  const changed = new Set<string>();
  let settling: NodeJS.Timeout | undefined;

  function note(path: string): void {
    if (isSource(path)) changed.add(path);
    clearTimeout(settling);
    settling = setTimeout(report, settleMs);
  }

  function report(): void {
    for (const folder of watchAll()) {
      for (const name of readdirSync(join(root, folder))) if (isSource(name)) changed.add(join(folder, name));
    }
    const files = [...changed].sort();
    changed.clear();
    if (files.length > 0) onChange(files);
  }

  /** Watches the folders that are new and forgets those that are gone. Returns the new ones. */
  function watchAll(): string[] {
    const found = new Map(folders.flatMap((folder) => foldersBelow(root, folder)));
    for (const [folder, { inode, watcher }] of watchers) {
      if (found.get(folder) === inode) continue;
      watcher.close();
      watchers.delete(folder);
    }
    const added = [...found].filter(([folder]) => !watchers.has(folder));
    for (const [folder, inode] of added) {
      const watcher = watch(join(root, folder), { persistent: false }, (_event, name) => note(join(folder, name ?? '')));
      // a deleted folder, which the next report forgets
      watcher.on('error', () => note(folder));
      watchers.set(folder, { inode, watcher });
    }
    return added.map(([folder]) => folder);
  }

  watchAll();
}

/** The folder and all below it, relative to `root`, each with its inode: a folder made again has another one. */
function foldersBelow(root: string, folder: string): [folder: string, inode: number][] {
  const inside = readdirSync(join(root, folder), { withFileTypes: true }).filter((entry) => entry.isDirectory());
  return [[folder, statSync(join(root, folder)).ino], ...inside.flatMap(({ name }) => foldersBelow(root, join(folder, name)))];
}
