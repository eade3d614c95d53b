// docs/production.md and the runbooks name only what exists: paths of the API, commands, metrics, settings, pages.
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { variables } from '#config/config';

const runbooks = readdirSync('docs/runbooks').map((name) => `docs/runbooks/${name}`);
const pages = ['docs/production.md', 'docs/releasing.md', 'docs/doctor.md', ...runbooks];
const read = (file: string) => readFileSync(file, 'utf8');
const sources = (folder: string) =>
  readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.ts'))
    .map((name) => read(join(folder, name)))
    .join('\n');

const routes = [...sources('src/api').matchAll(/path: ['`](\/[^'`]*)['`]/g)].map(([, path = '']) => path);
const isRoute = (path: string) =>
  routes.some((route) => new RegExp(`^${route.replaceAll(/:\w+|\$\{[^}]*\}/g, '[^/]+')}$`).test(path.replaceAll(/\$\w+|<[\w ]+>|…/g, 'x')));

describe.each(pages)('%s', (page) => {
  const text = read(page);

  it('links to pages and headings that exist', () => {
    for (const [, target = ''] of text.matchAll(/\]\(([^)]+)\)/g)) {
      if (/^https?:/.test(target)) continue;
      const [file = '', anchor] = target.split('#');
      const path = file === '' ? page : join(dirname(page), file);
      expect(existsSync(path), target).toBe(true);
      const headings = read(path).match(/^#+ .*/gm) ?? [];
      const anchors = headings.map((heading) =>
        heading
          .replace(/^#+ /, '')
          .toLowerCase()
          .replaceAll(/[^\w\- ]/g, '')
          .replaceAll(' ', '-'),
      );
      if (anchor) expect(anchors, target).toContain(anchor);
    }
  });

  it('calls only paths that the API has', () => {
    const paths = [...text.matchAll(/\$POSTHORN_URL(\/[^"?`\s]*)/g)].map(([, path = '']) => path);
    expect(paths.filter((path) => !isRoute(path))).toEqual([]);
  });

  it('runs only commands that the command line has', () => {
    const commands = sources('src/cli');
    const named = [...text.matchAll(/(?:posthorn\.js|(?<=[`\n(])posthorn) ([a-z-]+)/g)].map(([, word = '']) => word);
    expect(named.filter((word) => !commands.includes(`'${word}'`))).toEqual([]);
  });

  it('names only metrics and settings that exist', () => {
    const known = read('docs/metrics.md');
    const metrics = [...text.matchAll(/posthorn_(?!tenant|audit)[a-z_]+/g)].map(([name]) => name);
    expect(metrics.filter((name) => !known.includes(name))).toEqual([]);
    const others = ['POSTHORN_URL'];
    const settings = [...text.matchAll(/\bPOSTHORN_[A-Z_]+\b(?!…)/g)].map(([name]) => name);
    expect(settings.filter((name) => !(name in variables.shape) && !others.includes(name))).toEqual([]);
  });
});

it.each(runbooks)('%s says how you notice, what to look at, what to do, and when it is over', (page) => {
  expect((read(page).match(/^## .*/gm) ?? []).sort()).toEqual(['## Do', '## Look', '## Over', '## You notice']);
  expect(read('docs/production.md')).toContain(`(runbooks/${page.split('/').at(-1)})`);
});

it('there are the runbooks that an operator needs', () => {
  expect(runbooks.map((page) => page.split('/').at(-1))).toEqual([
    'backlog-grows.md',
    'endpoint-down.md',
    'key-leaked.md',
    'noisy-tenant.md',
    'postgresql-full.md',
    'restore.md',
    'temporal-down.md',
  ]);
});

it('the runbook restores PostgreSQL as the page about backups does, whose commands are tested', () => {
  const commands = (page: string) =>
    read(page)
      .match(/^ *(psql --file|createdb|pg_restore --exit).*$/gm)
      ?.map((line) => line.trim());
  expect(commands('docs/backup.md')).toHaveLength(3);
  expect(commands('docs/runbooks/restore.md')).toEqual(commands('docs/backup.md'));
});

it('runbooks name only kinds of alerts that exist', () => {
  const kinds = (text: string) => [
    ...text.matchAll(/`((?:endpoint|deliveries|backlog|certificate|secret|key|ingest|workers|temporal|postgres)\.[a-z_]+)`/g),
  ];
  const known = new Set(kinds(read('docs/alerts.md')).map(([, kind]) => kind));
  const named = runbooks.flatMap((page) => kinds(read(page).match(/## You notice\n[^#]*/)?.[0] ?? '').map(([, kind]) => kind));
  expect(named.length).toBeGreaterThan(10);
  expect(named.filter((kind) => !known.has(kind))).toEqual([]);
});
