// The documentation site, built from docs/ by `npm run docs` and served by Posthorn at /docs. Everything it needs is its own:
// no fonts, scripts or search of another host, and no inline styles, so that the pages run under a strict policy.
import { createHash } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { defineConfig } from 'vitepress';
import { createDiagrams } from './diagrams.ts';
import { leaveDocs } from './links.ts';
import { navigation, sidebar } from './sidebar.ts';
import { slugOf } from './slug.ts';
import { createStyleSheet } from './style-sheet.ts';

const base = '/docs/';
const styles = createStyleSheet();
const diagrams = createDiagrams(base);
const sheetName = () => `assets/code.${createHash('sha256').update(styles.css()).digest('hex').slice(0, 8)}.css`;

// biome-ignore lint/style/noDefaultExport: VitePress reads the default export
export default defineConfig({
  title: 'Posthorn',
  description: 'Self-hosted webhook delivery on Temporal and PostgreSQL',
  lang: 'en',
  base,
  cleanUrls: true,
  // to switch between light and dark without a transition, the theme would insert a style element
  appearance: { disableTransition: false },
  outDir: '../dist/docs',
  cacheDir: '../node_modules/.cache/vitepress',
  head: [['link', { rel: 'icon', type: 'image/svg+xml', href: `${base}posthorn.svg` }]],
  markdown: {
    anchor: { slugify: slugOf },
    theme: { light: 'github-light-high-contrast', dark: 'github-dark-high-contrast' },
    config(md) {
      md.use(leaveDocs);
      md.use(diagrams.plugin);
      md.use(styles.plugin);
    },
  },
  themeConfig: {
    logo: '/posthorn.svg',
    nav: navigation,
    sidebar,
    outline: [2, 3],
    search: { provider: 'local', options: { detailedView: true } },
    footer: { message: 'Apache-2.0. This page is served by your own Posthorn.' },
  },
  // the theme has these two. The first is set again by its script, the second is in theme/style.css
  transformHtml: (html) => html.replaceAll(' style="--vp-vh:0px;"', '').replaceAll(' style="position:relative;"', ''),
  // the search index
  vite: { build: { chunkSizeWarningLimit: 2_000 } },
  // all pages are rendered by now, so the sheet is complete
  transformHead: () => [['link', { rel: 'stylesheet', href: `${base}${sheetName()}` }]],
  async buildEnd({ outDir }) {
    await writeFile(join(outDir, sheetName()), styles.css());
    await diagrams.write(outDir);
  },
});
