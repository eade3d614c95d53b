// Where each page stands in the navigation. A page that is listed nowhere stands under "More".
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { DefaultTheme } from 'vitepress';

const docs = join(import.meta.dirname, '..');

/** The title of a page is its first heading. */
function item(page: string, text = titleOf(page)): DefaultTheme.SidebarItem {
  return { text, link: `/${page}` };
}

function titleOf(page: string): string {
  const file = join(docs, `${page.replace(/\/$/, '/index')}.md`);
  const [, title] = (existsSync(file) && /^# (.*)$/m.exec(readFileSync(file, 'utf8'))) || [];
  return title ?? page;
}

const pagesIn = (folder: string) =>
  readdirSync(join(docs, folder))
    .filter((name) => name.endsWith('.md') && name !== 'index.md')
    .sort()
    .map((name) => item(`${folder}/${name.slice(0, -'.md'.length)}`));

const group = (text: string, items: DefaultTheme.SidebarItem[], collapsed?: boolean): DefaultTheme.SidebarItem => ({
  text,
  items,
  ...(collapsed !== undefined && { collapsed }),
});

export const navigation: DefaultTheme.NavItem[] = [
  { text: 'Tutorial', link: '/tutorial' },
  { text: 'Guides', link: '/guides/send-events' },
  { text: 'Concepts', link: '/concepts' },
  { text: 'Reference', link: '/reference/api/' },
];

const listed: DefaultTheme.SidebarItem[] = [
  group('Start', [item('tutorial'), item('concepts'), item('comparison'), item('faq'), item('troubleshooting')]),
  group('Send', [item('guides/send-events'), item('catalogue'), item('ingest'), item('clients'), item('cli'), item('mcp')]),
  group('Receive', [
    item('guides/receive'),
    item('signing'),
    item('missed'),
    item('guides/test-locally'),
    item('sandbox'),
    item('conformance'),
    item('portal'),
    item('embedding'),
  ]),
  group('Endpoints', [
    item('endpoints'),
    item('guides/retries'),
    item('formats'),
    item('filters'),
    item('transforms'),
    item('versions'),
    item('lanes'),
  ]),
  group('Operate deliveries', [
    item('dashboard'),
    item('lists'),
    item('explain'),
    item('replays'),
    item('alerts'),
    item('stats'),
    item('stream'),
  ]),
  group('Run Posthorn', [
    item('production'),
    item('temporal'),
    item('temporal-ui'),
    item('doctor'),
    item('backup'),
    item('upgrades'),
    item('retention'),
    item('metrics'),
    item('logs'),
    item('tracing'),
    group('Runbooks', pagesIn('runbooks'), true),
  ]),
  group('Security', [
    item('access'),
    item('sign-in'),
    item('secrets-at-rest'),
    item('audit'),
    item('erasure'),
    item('project/security', 'Threat model'),
  ]),
  group('Reference', [
    item('configuration'),
    group(
      'API',
      [item('reference/api/', 'All operations'), ...(existsSync(join(docs, 'reference/api')) ? pagesIn('reference/api') : [])],
      true,
    ),
    item('etags'),
    item('reference/cli', 'Command line'),
    item('reference/errors', 'Errors'),
    item('glossary'),
  ]),
  group(
    'How it works',
    [
      item('architecture'),
      item('performance'),
      item('performance-details'),
      ...pagesIn('design'),
      group('Decisions', pagesIn('decisions'), true),
    ],
    true,
  ),
  group(
    'Project',
    [
      item('project/changelog', 'Changelog'),
      item('project/contributing', 'Contributing'),
      item('contributing/changes'),
      item('contributing/debugging'),
      item('releasing'),
    ],
    true,
  ),
];

const others = readdirSync(docs)
  .filter((name) => name.endsWith('.md') && name !== 'index.md')
  .map((name) => name.slice(0, -'.md'.length))
  .filter((page) => !JSON.stringify(listed).includes(`"/${page}"`));

export const sidebar: DefaultTheme.SidebarItem[] = [
  ...listed,
  ...(others.length > 0
    ? [
        group(
          'More',
          others.map((page) => item(page)),
        ),
      ]
    : []),
];
