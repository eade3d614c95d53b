// The pages of the documentation as their sources: files, headings, links and code blocks.
import { readdirSync, readFileSync } from 'node:fs';
import { slugOf } from '../../docs/.vitepress/slug.ts';

/** Pages that `npm run docs` generates: they are not in version control. */
export const isGenerated = (file: string) => /^docs\/reference\/(api\/|cli\.md|errors\.md)/.test(file);

const markdownIn = (folder: string) =>
  readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.md') && !name.includes('node_modules'))
    .map((name) => `${folder}/${name}`)
    .filter((file) => !isGenerated(file));

export const pages = [
  'README.md',
  'CHANGELOG.md',
  'CONTRIBUTING.md',
  'SECURITY.md',
  ...['docs', 'packages', 'deploy', 'src'].flatMap(markdownIn).filter((file) => !file.startsWith('docs/project/')),
].sort();

const read = (file: string) => readFileSync(file, 'utf8');

export interface CodeBlock {
  file: string;
  line: number;
  language: string;
  text: string;
}

export function codeBlocksOf(file: string): CodeBlock[] {
  const text = read(file);
  return [...text.matchAll(/^( *)```(\w*)[^\n]*\n(.*?)^ *```$/gms)].map(({ 1: indent = '', 2: language = '', 3: code = '', index }) => ({
    file,
    line: text.slice(0, index).split('\n').length,
    language,
    text: code.replaceAll(new RegExp(`^${indent}`, 'gm'), ''),
  }));
}

const withoutCode = (text: string) => text.replaceAll(/^ *```.*?^ *```$/gms, '').replaceAll(/`[^`\n]*`/g, '`code`');

/** Targets of links and pictures that are not addresses of other hosts. */
export function linksOf(file: string): string[] {
  return [...withoutCode(read(file)).matchAll(/\]\(([^)\s]+)\)/g)]
    .map(([, target = '']) => target)
    .filter((target) => !/^[a-z]+:/.test(target));
}

/** Of its headings, as code hosts and the site make them. */
export function anchorsOf(file: string): string[] {
  const headings = read(file)
    .replaceAll(/^ *```.*?^ *```$/gms, '')
    .match(/^#+ .*/gm);
  return (headings ?? []).map((heading) =>
    slugOf(
      heading
        .replace(/^#+ /, '')
        .replaceAll(/\[([^\]]*)\]\([^)]*\)/g, '$1')
        .replaceAll(/[`*]/g, ''),
    ),
  );
}
