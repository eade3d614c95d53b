// The README is for strangers: they read it in three minutes, and it keeps its parts.
import { existsSync, readFileSync } from 'node:fs';
import { expect, it } from 'vitest';

const text = readFileSync('README.md', 'utf8');
const withoutCode = text.replaceAll(/^```.*?^```$/gms, '');
/** The width of a page of a code host, in characters. */
const columns = 120;

/** Blocks of prose: no headings, tables or code. Each item of a list is one. */
const paragraphs = withoutCode
  .split(/\n\s*\n|\n(?=- )/)
  .map((block) => block.trim())
  .filter((block) => block !== '' && !/^[#|]/.test(block));
const shown = (markdown: string) =>
  markdown
    .replaceAll(/!?\[([^\]]*)\]\([^)]*\)/g, '$1')
    .replaceAll(/[*`]/g, '')
    .replaceAll(/\s+/g, ' ');

it('has no paragraph over five lines, as written and as shown', () => {
  expect(paragraphs.length).toBeGreaterThan(15);
  const long = paragraphs.filter((block) => block.split('\n').length > 5 || shown(block).length > 5 * columns);
  expect(long).toEqual([]);
});

it('is read in three minutes', () => {
  const words = shown(withoutCode.replaceAll(/^\| ?---.*$/gm, ''))
    .split(' ')
    .filter((word) => /\w/.test(word));
  // an adult reads 240 words a minute
  expect(words.length).toBeLessThan(3 * 240);
});

it('says in three sentences what Posthorn is, before anything else', () => {
  const [first = ''] = paragraphs;
  expect(shown(first).match(/[.](?= [A-Z]|$)/g)).toHaveLength(3);
});

it('has a picture in the repository, for light and dark pages, that needs nothing else', () => {
  const [, alt = '', file = ''] = /!\[([^\]]*)\]\(([^)]*\.svg)\)/.exec(text) ?? [];
  expect(alt.length).toBeGreaterThan(40);
  const svg = readFileSync(file, 'utf8');
  expect(svg).toContain('prefers-color-scheme: dark');
  expect(svg).not.toMatch(/<script|https?:\/\/(?!www\.w3\.org)|@import|href=/);
});

it('has the parts that a stranger looks for, and leads on to pages that exist', () => {
  expect(text.match(/^## .*/gm)).toEqual([
    '## Start',
    '## A first event',
    '## What you see',
    '## What it does',
    '## Why Temporal',
    '## When not to use it',
    '## How it compares',
    '## Where to go next',
  ]);
  expect(text).toContain('```sh\nnpm start\nnpm test\n```');
  const files = [...text.matchAll(/\]\((?!https?:)([^)#]+)/g)].map(([, file = '']) => file);
  expect(files.length).toBeGreaterThan(20);
  expect(files.filter((file) => !existsSync(file))).toEqual([]);
});
