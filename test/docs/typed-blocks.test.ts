// The TypeScript of the documentation compiles against the packages: their names, shapes and what they return.
import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, expect, it } from 'vitest';
import { catalogueTypes } from '#cli/types/catalogue-types';
import { codeBlocksOf, pages } from './markdown.ts';

const run = promisify(execFile);
const modules = join(import.meta.dirname, '../../node_modules');
const folder = mkdtempSync(join(tmpdir(), 'posthorn-blocks-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** What the reader has around a block: made by an earlier block of its page, or the reader's own. */
const around = `
import type * as published from '@posthorn/client';
declare global {
  const posthorn: published.Posthorn;
  const Posthorn: typeof published.Posthorn;
  const PosthornProblem: typeof published.PosthornProblem;
  type PosthornProblem = published.PosthornProblem;
  const PosthornConnectionError: typeof published.PosthornConnectionError;
  type PosthornConnectionError = published.PosthornConnectionError;
  const client: import('pg').ClientBase;
  const id: string;
  const url: string;
  const apiKey: string;
  const signal: AbortSignal;
  const rawBody: Uint8Array;
  const request: import('node:http').IncomingMessage;
  const orders: AsyncIterable<{ id: string; total: number }>;
  const getUrl: () => Promise<string>;
  function later(work: () => Promise<unknown>): Promise<void>;
  function show(what: object): void;
  function isNew(id: string): Promise<boolean>;
  function handle(eventType: string, data: unknown): Promise<void>;
  // of libraries that are not installed here, what the blocks use
  namespace Knex { interface Transaction { raw(text: string, values: readonly unknown[]): PromiseLike<unknown> } }
  interface Sql { readonly isSql: true }
  const sql: { (parts: TemplateStringsArray, ...values: unknown[]): Sql; raw(text: string): Sql; join(parts: Sql[]): Sql };
  interface NodePgDatabase { execute(statement: Sql): PromiseLike<unknown> }
  namespace Prisma { interface TransactionClient { $executeRawUnsafe(text: string, ...values: unknown[]): PromiseLike<number> } }
}`;

const options = ['--noEmit', '--strict', '--skipLibCheck', '--jsx', 'react-jsx', '--target', 'es2024', '--lib', 'es2024,dom,dom.iterable']
  .concat(['--module', 'esnext', '--moduleResolution', 'bundler', '--customConditions', 'posthorn-source'])
  .concat(['--allowImportingTsExtensions', '--types', 'node,react']);

/** What the compiler says of these files, by the place of their block. */
async function faultsOf(files: ReadonlyMap<string, string>): Promise<string> {
  const args = [join(modules, 'typescript/bin/tsc'), ...options, 'around.ts', ...files.keys()];
  const { stdout } = await run(process.execPath, args, { cwd: folder }).catch((error) => error);
  return String(stdout).replaceAll(/^block-\d+\.tsx?/gm, (file) => files.get(file) ?? file);
}

it('each block compiles, and one with a wrong name would not', async () => {
  symlinkSync(modules, join(folder, 'node_modules'));
  writeFileSync(join(folder, 'package.json'), '{ "type": "module" }');
  writeFileSync(join(folder, 'around.ts'), around);
  const schema = { type: 'object', properties: { total: { type: 'number' } }, required: ['total'] };
  const types = [{ type: 'order.created', description: 'An order was made', version: 1, schema, isCurrent: true }];
  writeFileSync(join(folder, 'posthorn-events.d.ts'), await catalogueTypes(types, 'https://hooks.example.com'));
  const files = new Map<string, string>();
  for (const { file, line, language, text } of pages.flatMap(codeBlocksOf)) {
    if (language !== 'ts' && language !== 'tsx') continue;
    const name = `block-${files.size}.${language}`;
    writeFileSync(join(folder, name), `${text}\nexport {};\n`);
    files.set(name, `${file}:${line}`);
  }
  expect(files.size).toBeGreaterThan(15);
  const wrong = `block-${files.size}.ts`;
  writeFileSync(join(folder, wrong), `await posthorn.events.sent('acme', { type: 'order.created', data: {} });\nexport {};\n`);
  expect((await faultsOf(new Map([...files, [wrong, 'wrong']]))).split('\n')).toEqual([
    expect.stringMatching(/^wrong\(1,23\).*'sent'/),
    '',
  ]);
});
