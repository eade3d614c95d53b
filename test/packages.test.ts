// What is run on a machine merely because Posthorn is installed there: the listed install scripts, of packages whose bytes are pinned, and nothing else.
import { expect, it } from 'vitest';
import packageJson from '../package.json' with { type: 'json' };
import lock from '../package-lock.json' with { type: 'json' };

interface Locked {
  hasInstallScript?: boolean;
  integrity?: string;
  resolved?: string;
  link?: boolean;
  inBundle?: boolean;
}

const locked = Object.entries(lock.packages as Record<string, Locked>).filter(([path]) => path !== '');
const nameOf = (path: string) => path.slice(path.lastIndexOf('node_modules/') + 'node_modules/'.length);

it('install scripts are those that package.json allows, and each of them is there', () => {
  const scripted = new Set(locked.filter(([, { hasInstallScript }]) => hasInstallScript).map(([path]) => nameOf(path)));
  expect([...scripted].sort()).toEqual(Object.keys(packageJson.allowScripts).sort());
});

it('every package is pinned by a strong hash, and none comes from elsewhere than a registry', () => {
  expect(locked.length).toBeGreaterThan(100);
  for (const [path, { integrity, inBundle, link, resolved = '' }] of locked) {
    if (!inBundle) expect(integrity, path).toMatch(/^sha512-/);
    expect([link, /^(git|file|http:)/.test(resolved)], path).toEqual([undefined, false]);
  }
});
