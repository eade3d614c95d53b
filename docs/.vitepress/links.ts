// Links that leave docs/: to a page of the repository that the site shows too, or to a file, which the site does not have.
import { posix } from 'node:path';
import type { MarkdownRenderer } from 'vitepress';

/** Files outside docs/ that are pages of the site. Their own links are relative to the repository. */
const shown: Record<string, string> = {
  'README.md': 'index.md',
  'CHANGELOG.md': 'project/changelog.md',
  'SECURITY.md': 'project/security.md',
  'CONTRIBUTING.md': 'project/contributing.md',
};

/** Where a link of a page leads, from the root of the site; null: to a file that the site does not have. */
function siteLink(page: string, href: string): string | null {
  const [path = '', anchor] = href.split('#');
  const isIncluded = Object.values(shown).includes(page) && page.startsWith('project/');
  const target = posix.join(isIncluded ? '' : posix.join('docs', posix.dirname(page)), path);
  const place = shown[target] ?? (/^docs\/.*\.md$/.test(target) ? target.slice('docs/'.length) : null);
  return place && `/${place}${anchor === undefined ? '' : `#${anchor}`}`;
}

export function leaveDocs(md: MarkdownRenderer): void {
  md.core.ruler.push('leave-docs', ({ tokens, env }) => {
    for (const { children } of tokens) {
      if (!children) continue;
      let isDropped = false;
      for (const token of children) {
        if (token.type === 'link_close' && isDropped) {
          token.hidden = true;
          token.type = 'text';
          token.content = '';
          isDropped = false;
        }
        if (token.type !== 'link_open') continue;
        const href = token.attrGet('href') ?? '';
        if (href === '' || /^([a-z]+:|#|\/)/.test(href)) continue;
        const link = siteLink(String(env.relativePath), href);
        if (link !== null) token.attrSet('href', link);
        else {
          isDropped = true;
          token.type = 'text';
          token.content = '';
        }
      }
    }
  });
}
