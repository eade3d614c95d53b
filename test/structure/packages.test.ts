// Only the listed install scripts run on a machine on which Posthorn is installed, and only
// packages whose content is pinned.
import { basename } from 'node:path';
import { expect, it } from 'vitest';
import packageJson from '../../package.json' with { type: 'json' };
import lock from '../../package-lock.json' with { type: 'json' };

interface Locked {
  hasInstallScript?: boolean;
  integrity?: string;
  resolved?: string;
  link?: boolean;
  inBundle?: boolean;
}

const own = packageJson.workspaces.flatMap((folder) => [folder, `node_modules/@posthorn/${basename(folder)}`]);
const locked = Object.entries(lock.packages as Record<string, Locked>).filter(([path]) => path !== '' && !own.includes(path));
const nameOf = (path: string) => path.slice(path.lastIndexOf('node_modules/') + 'node_modules/'.length);

it('the packages with install scripts are exactly those that package.json allows', () => {
  const scripted = new Set(locked.filter(([, { hasInstallScript }]) => hasInstallScript).map(([path]) => nameOf(path)));
  expect([...scripted].sort()).toEqual(Object.keys(packageJson.allowScripts).sort());
});

it('every package is pinned by a strong hash, and all come from a registry', () => {
  expect(locked.length).toBeGreaterThan(100);
  for (const [path, { integrity, inBundle, link, resolved = '' }] of locked) {
    if (!inBundle) expect(integrity, path).toMatch(/^sha512-/);
    expect([link, /^(git|file|http:)/.test(resolved)], path).toEqual([undefined, false]);
  }
});
