// Every code block of the documentation is valid in its language, or stands in a list with the reason why it is not checked.
// test/e2e/docs-commands.test.ts runs the commands and the SQL.
import { readFileSync } from 'node:fs';
import { parseSync } from 'oxc-parser';
import { describe, expect, it } from 'vitest';
import { parseAllDocuments } from 'yaml';
import { codeBlocksOf, pages } from './markdown.ts';

const blocks = pages.flatMap(codeBlocksOf);

/** What is wrong with the text; null: nothing. */
const checks: Record<string, (text: string) => string | null> = {
  // an ellipsis in place of further fields or items
  json: (text) => problemOf(() => JSON.parse(text.replaceAll(/,?\s*…(?=\s*[}\]])/g, ''))),
  yaml: (text) => parseAllDocuments(text).flatMap((document) => ('errors' in document ? document.errors : []))[0]?.message ?? null,
  js: (text) => parseSync('block.mjs', text, { sourceType: 'module' }).errors[0]?.message ?? null,
  tsx: (text) => parseSync('block.tsx', text, { sourceType: 'module' }).errors[0]?.message ?? null,
  ts: (text) => parseSync('block.ts', text, { sourceType: 'module' }).errors[0]?.message ?? null,
};

const elsewhere: Record<string, string> = {
  sh: 'run by test/e2e/docs-commands.test.ts, which lists those that it cannot run',
  sql: 'run by test/e2e/docs-commands.test.ts',
  diff: 'compared with the sources by test/docs/changes.test.ts',
  text: 'output, an address or a sketch: not in any language',
  mermaid: 'a drawing, parsed when the site is built',
  python: 'run by test/consumer-docs',
};

function problemOf(parse: () => unknown): string | null {
  try {
    parse();
    return null;
  } catch (error) {
    return String(error);
  }
}

describe('code blocks', () => {
  it('name a language that is checked here, or elsewhere for a reason', () => {
    expect(blocks.length).toBeGreaterThan(60);
    const unknown = blocks.filter(({ language }) => !(language in checks) && !(language in elsewhere));
    expect(unknown.map(({ file, line, language }) => `${file}:${line} ${language}`)).toEqual([]);
  });

  it('are valid in their language', () => {
    const checked = blocks.filter(({ language }) => language in checks);
    expect(checked.length).toBeGreaterThan(6);
    const wrong = checked.map(({ file, line, language, text }) => ({ at: `${file}:${line}`, problem: checks[language]?.(text) ?? null }));
    expect(wrong.filter(({ problem }) => problem !== null)).toEqual([]);
  });

  it('are refused when they are wrong', () => {
    for (const [language, text] of [
      ['json', '{ a: 1 }'],
      ['yaml', 'a: [1'],
      ['js', 'const = 1'],
      ['ts', 'let x: = 1'],
    ] as const)
      expect(checks[language]?.(text), language).not.toBeNull();
  });
});

/** Where a page says what the variables of its commands are. */
const saysWhere = /tutorial\.md#1-start-posthorn|^export POSTHORN_API_KEY=|`POSTHORN_API_KEY` \(a key|^\| API key \| `POSTHORN_API_KEY`/m;
const variables = /\$(POSTHORN_API_KEY|POSTHORN_URL)\b/;

describe('the commands', () => {
  const commands = blocks.filter(({ language }) => language === 'sh');

  it('use the variables that the tutorial sets, and no other names for them', () => {
    expect(commands.filter(({ text }) => variables.test(text)).length).toBeGreaterThan(30);
    const others = commands.filter(({ text }) => /\$(KEY|TOKEN|API_KEY|POSTHORN|URL)\b/.test(text));
    expect(others.map(({ file, line }) => `${file}:${line}`)).toEqual([]);
  });

  it('stand on a page that says what these variables are', () => {
    const files = new Set(commands.filter(({ text }) => variables.test(text)).map(({ file }) => file));
    expect([...files].filter((file) => !saysWhere.test(readFileSync(file, 'utf8')))).toEqual([]);
  });
});
