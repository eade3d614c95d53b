// Links in the sources of the documentation lead to files and headings that exist, so that they work where the repository
// is read. test/docs/site.test.ts checks those of the built site.
import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { anchorsOf, isGenerated, linksOf, pages } from './markdown.ts';

describe('links', () => {
  it.each(pages)('of %s', (page) => {
    const broken = linksOf(page).filter((target) => {
      const [file = '', anchor] = target.split('#');
      // from the root of the site: the home page has such links
      const path = file === '' ? page : file.startsWith('/') ? join('docs', `${file}.md`) : join(dirname(page), file);
      if (isGenerated(path)) return false;
      return !existsSync(path) || (anchor !== undefined && path.endsWith('.md') && !anchorsOf(path).includes(anchor));
    });
    expect(broken).toEqual([]);
  });

  it('are found, and so are anchors', () => {
    expect(pages.flatMap(linksOf).length).toBeGreaterThan(300);
    expect(linksOf('docs/guides/receive.md')).toContain('../signing.md#how-to-verify-a-request');
    expect(anchorsOf('docs/signing.md')).toContain('how-to-verify-a-request');
  });
});
