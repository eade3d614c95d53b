// The built documentation site: complete, without broken links, and fit for a policy that allows nothing inline and no other
// host. It is built when its sources have changed.
import { execFile } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { join, posix } from 'node:path';
import { promisify } from 'node:util';
import { beforeAll, describe, expect, it } from 'vitest';
import { createProgram } from '#cli/program';
import { sitePolicy } from '#site/site-policy';
import { statuses } from '../../docs/.vitepress/reference/error-page.ts';
import { apiDocument } from '../../docs/.vitepress/reference/pages.ts';
import { sidebar } from '../../docs/.vitepress/sidebar.ts';

interface Commands {
  name(): string;
  commands: readonly Commands[];
}

/** With those below it. */
function commandsOf(command: Commands, path: string): { name: string }[] {
  return command.commands
    .filter((one) => one.name() !== 'help')
    .flatMap((one) => [{ name: `${path} ${one.name()}` }, ...commandsOf(one, `${path} ${one.name()}`)]);
}

const site = 'dist/docs';
let files: string[];
let html: Map<string, string>;
beforeAll(async () => {
  await promisify(execFile)(process.execPath, ['bin/docs.mjs'], { timeout: 240_000 });
  files = readdirSync(site, { recursive: true, encoding: 'utf8' });
  html = new Map(files.filter((file) => file.endsWith('.html')).map((file) => [file, readFileSync(join(site, file), 'utf8')]));
});

const idsOf = (text: string) => new Set([...text.matchAll(/\sid="([^"]+)"/g)].map(([, id = '']) => id));

/** The file that a path below /docs/ is served from. */
const fileOf = (path: string) =>
  [path, `${path}.html`, posix.join(path, 'index.html')].find((file) => files.includes(file) && statSync(join(site, file)).isFile());

describe('the built site', () => {
  it('has a page for each source, and each page in its navigation', () => {
    const sources = readdirSync('docs', { recursive: true, encoding: 'utf8' }).filter(
      (name) => name.endsWith('.md') && !name.startsWith('.vitepress'),
    );
    expect(sources.length).toBeGreaterThan(100);
    expect(sources.filter((name) => !html.has(name.replace(/\.md$/, '.html')))).toEqual([]);
    const listed = JSON.stringify(sidebar);
    const missing = sources.filter((name) => name !== 'index.md' && !listed.includes(`"/${name.replace(/(index)?\.md$/, '')}"`));
    expect(missing.filter((name) => !name.startsWith('reference/api/'))).toEqual([]);
  });

  it('has no broken link and no missing anchor', () => {
    const broken: string[] = [];
    let count = 0;
    for (const [page, text] of html) {
      if (page === '404.html') continue;
      for (const [, href = ''] of text.matchAll(/<a\s[^>]*?href="([^"]*)"/g)) {
        if (/^[a-z]+:/.test(href)) continue;
        count++;
        const { pathname, hash } = new URL(href, `http://site/docs/${page.replace(/(index)?\.html$/, '')}`);
        const file = pathname.startsWith('/docs/') ? fileOf(pathname.slice('/docs/'.length) || 'index.html') : undefined;
        const anchor = decodeURIComponent(hash.slice(1));
        if (!file || (anchor !== '' && file.endsWith('.html') && !idsOf(html.get(file) ?? '').has(anchor))) broken.push(`${page}: ${href}`);
      }
    }
    expect(count).toBeGreaterThan(1_000);
    expect([...new Set(broken)]).toEqual([]);
  });

  it('has nothing inline that its policy would refuse: no style attributes, no handlers, and scripts by their hashes', () => {
    for (const [page, text] of html) {
      expect(text.match(/<[^>]*\sstyle="/g), page).toBeNull();
      expect(text.match(/<[^>]*\son[a-z]+="/g), page).toBeNull();
      expect(sitePolicy(text)).not.toMatch(/unsafe|https?:|\*/);
    }
    const scripts = files.filter((file) => file.endsWith('.js')).map((file) => readFileSync(join(site, file), 'utf8'));
    for (const script of scripts) expect(script).not.toMatch(/\beval\(|new Function\(|setAttribute\(["'`]style/);
    // what Vue puts into the page later comes from these strings
    for (const script of scripts) expect(script.match(/<(?:div|pre|code|span|td|th|tr|p)[^<>]*\sstyle=\\?"/)).toBeNull();
  });

  it('requests nothing from another host', () => {
    const other = /^(?:https?:)?\/\//;
    for (const [page, text] of html) {
      const wanted = [...text.matchAll(/<(?:script|link|img|source|iframe|object)\s[^>]*?(?:src|href|srcset|data)="([^"]*)"/g)].map(
        ([, url = '']) => url,
      );
      expect(wanted.length, page).toBeGreaterThan(3);
      expect(
        wanted.filter((url) => other.test(url)),
        page,
      ).toEqual([]);
    }
    for (const file of files.filter((name) => name.endsWith('.css'))) {
      const css = readFileSync(join(site, file), 'utf8');
      expect(css.match(/@import|url\(["']?(?:https?:)?\/\//g), file).toBeNull();
    }
    expect(files.filter((file) => /\.(woff2?|ttf)$/.test(file))).toEqual([]);
  });

  it('finds words in its own search index', () => {
    const index = files.find((file) => /localSearchIndex/.test(file));
    expect(index).toBeDefined();
    const text = readFileSync(join(site, index ?? ''), 'utf8');
    // in lower case, and split at punctuation
    const words = ['postevent', 'quarantined', 'whsec', 'cidrs'];
    expect(words.filter((word) => !text.includes(`["${word}",`))).toEqual([]);
  });
});

describe('the reference', () => {
  const document = apiDocument();
  const operations = Object.values(document.paths).flatMap((methods) => Object.values(methods));

  it('has every operation of the OpenAPI document, with its parameters and fields', () => {
    const pages = [...html].filter(([page]) => page.startsWith('reference/api/'));
    const ids = new Set(pages.flatMap(([, text]) => [...idsOf(text)]));
    expect(operations.length).toBeGreaterThan(50);
    expect(
      operations.filter(({ operationId }) => !ids.has(`op-${operationId.toLowerCase()}`)).map(({ operationId }) => operationId),
    ).toEqual([]);
    const all = pages.map(([, text]) => text).join('');
    for (const field of ['orderingKey', 'rateLimit.perSecond', 'Idempotency-Key:', '?cursor='])
      expect(all).toContain(`<code>${field}</code>`);
  });

  it('explains every status that an operation can answer', () => {
    const possible = new Set(operations.flatMap(({ responses }) => Object.keys(responses)).filter((status) => status >= '400'));
    expect([...possible].filter((status) => !(status in statuses))).toEqual([]);
    const ids = idsOf(html.get('reference/errors.html') ?? '');
    for (const status of possible) expect(ids).toContain(status);
  });

  it('has every variable, metric and command', () => {
    expect(existsSync(join(site, 'configuration.html'))).toBe(true);
    expect(html.get('metrics.html')).toContain('posthorn_events_accepted_total');
    const ids = idsOf(html.get('reference/cli.html') ?? '');
    for (const { name } of commandsOf(createProgram(), 'posthorn')) expect(ids).toContain(name.replaceAll(' ', '-'));
  });
});
