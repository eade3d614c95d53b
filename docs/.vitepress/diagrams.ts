// Draws Mermaid diagrams when the site is built, as files: the usual way draws them in the browser, with a large script and
// inline styles.
import { createHash } from 'node:crypto';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { renderMermaidSVG } from 'beautiful-mermaid';
import type { MarkdownRenderer } from 'vitepress';

const colours = { bg: '#ffffff', fg: '#1f2328' };
/** The page says by its `color-scheme` which of the two a picture gets. */
const bothSchemes = 'svg{--bg:#ffffff;--fg:#1f2328}@media (prefers-color-scheme:dark){svg{--bg:#1b1b1f;--fg:#dfdfd6}}';

export interface Diagrams {
  /** For markdown-it. */
  plugin(md: MarkdownRenderer): void;
  /** Writes the pictures of all that was rendered so far. */
  write(outDir: string): Promise<void>;
}

export function createDiagrams(base: string): Diagrams {
  const pictures = new Map<string, string>();
  return {
    plugin(md) {
      const usual = md.renderer.rules.fence;
      md.renderer.rules.fence = (tokens, index, options, env, self) => {
        const { info = '', content = '' } = tokens[index] ?? {};
        if (info.trim() !== 'mermaid') return usual?.(tokens, index, options, env, self) ?? '';
        const svg = draw(content);
        const name = `assets/diagram.${createHash('sha256').update(svg).digest('hex').slice(0, 8)}.svg`;
        pictures.set(name, svg);
        const [, width = '', height = ''] = /width="([\d.]+)" height="([\d.]+)"/.exec(svg) ?? [];
        // bound, so that the bundler does not look for the file
        return `<p><img class="diagram" :src="'${base}${name}'" alt="${labelsOf(svg)}" width="${Math.ceil(Number(width))}" height="${Math.ceil(Number(height))}"></p>\n`;
      };
    },
    async write(outDir) {
      await mkdir(join(outDir, 'assets'), { recursive: true });
      for (const [name, svg] of pictures) await writeFile(join(outDir, name), svg);
    },
  };
}

function draw(code: string): string {
  return renderMermaidSVG(code, colours)
    .replace(/(<svg[^>]*) style="[^"]*"/, '$1')
    .replace(/\s*@import[^;]*;[^;]*;[^;]*;[^\n]*\n|\s*@import url\([^)]*\);/, '')
    .replaceAll("'Inter', ", '')
    .replace('<style>', `<style>${bothSchemes}svg{background:var(--bg)}`);
}

/** For people who do not see the picture. */
function labelsOf(svg: string): string {
  const labels = [...svg.matchAll(/<text[^>]*>([\s\S]*?)<\/text>/g)].map(([, inner = '']) =>
    inner
      .replaceAll(/<[^>]*>/g, ' ')
      .replaceAll(/\s+/g, ' ')
      .trim(),
  );
  return `Diagram: ${[...new Set(labels)].join('; ')}`.slice(0, 1_000).replaceAll('"', '&quot;').replaceAll('{{', '');
}
