// Two builds from one source: `--mode dashboard` and `--mode portal`. Each is a folder of its own that the server serves at the
// path of the same name, so that a proxy can publish the one without the other.
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { brotliCompress, gzip as gzipWithCallback } from 'node:zlib';
import react from '@vitejs/plugin-react';
import { defineConfig, type Plugin } from 'vite';

const [brotli, gzip] = [promisify(brotliCompress), promisify(gzipWithCallback)];
const doors = ['dashboard', 'portal'] as const;

// biome-ignore lint/style/noDefaultExport: Vite reads the default export
export default defineConfig(({ mode }) => {
  const door = doors.find((one) => one === mode) ?? 'dashboard';
  return {
    root: import.meta.dirname,
    base: `/${door}/`,
    appType: 'spa',
    plugins: [react(), compress()],
    resolve: { conditions: ['posthorn-source', 'module', 'browser', 'import', 'default'] },
    build: {
      outDir: `../dist/web/${door}`,
      emptyOutDir: true,
      target: 'baseline-widely-available',
      // the policy of the pages allows no data: URLs for scripts, fonts and style sheets
      assetsInlineLimit: 0,
      modulePreload: { polyfill: false },
      reportCompressedSize: false,
      manifest: 'manifest.json',
      chunkSizeWarningLimit: 600,
      rolldownOptions: { checks: { pluginTimings: false }, input: `${import.meta.dirname}/${door}.html` },
    },
    server: { proxy: { '/v1': 'http://127.0.0.1:8080', '/readyz': 'http://127.0.0.1:8080' } },
  };
});

/** Writes `x.br` and `x.gz` beside each text file, so that the server compresses nothing. */
function compress(): Plugin {
  return {
    name: 'compress',
    apply: 'build',
    // not before: other plugins change the files until they are written
    async writeBundle({ dir = '.' }, bundle) {
      const names = Object.keys(bundle).filter((name) => /\.(js|css|svg|json)$/.test(name));
      await Promise.all(names.map((name) => compressFile(join(dir, name))));
    },
  };
}

async function compressFile(file: string): Promise<void> {
  const content = await readFile(file);
  await Promise.all([writeFile(`${file}.br`, await brotli(content)), writeFile(`${file}.gz`, await gzip(content, { level: 9 }))]);
}
