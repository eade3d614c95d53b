// The code of the consumer documentation, in seven languages, is compiled and run: it accepts what Posthorn signs and refuses
// what it must refuse.
import { execFile } from 'node:child_process';
import { createHmac, randomBytes } from 'node:crypto';
import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { verification } from '#consumer-docs/verify/samples';
import { fileOfPackage } from '../support/debian.ts';

const run = promisify(execFile);
const harness = join(import.meta.dirname, 'harness');

interface Toolchain {
  main: string;
  /** Where the sample goes, if not beside `main`. */
  sample?: string;
  /** Returns the command that reads cases from standard input. */
  prepare(folder: string): Promise<[command: string, args: string[]]>;
}

const toolchains: Record<string, Toolchain> = {
  javascript: { main: 'main.mjs', prepare: async () => [process.execPath, ['main.mjs']] },
  python: { main: 'main.py', prepare: async () => ['python3', ['main.py']] },
  go: {
    main: 'main.go',
    sample: 'webhook/webhook.go',
    async prepare(folder) {
      writeFileSync(join(folder, 'go.mod'), 'module example.com/check\n\ngo 1.21\n');
      await run('go', ['build', '-o', 'check', '.'], { cwd: folder, env: { ...process.env, GOFLAGS: '-mod=mod', GOPROXY: 'off' } });
      return [join(folder, 'check'), []];
    },
  },
  java: {
    main: 'Main.java',
    async prepare(folder) {
      const javac = await fileOfPackage('default-jdk-headless', ['/usr/bin/javac']);
      await run(javac, ['Main.java', 'Webhook.java'], { cwd: folder });
      return [join(dirname(javac), 'java'), ['-XX:TieredStopAtLevel=1', 'Main']];
    },
  },
  ruby: { main: 'main.rb', prepare: async () => [await fileOfPackage('ruby', ['/usr/bin/ruby']), ['main.rb']] },
  php: { main: 'main.php', prepare: async () => [await fileOfPackage('php-cli', ['/usr/bin/php']), ['main.php']] },
  csharp: {
    main: 'Main.cs',
    async prepare(folder) {
      const compiler = await fileOfPackage('mono-mcs', ['/usr/bin/mcs']);
      await run(compiler, ['-out:check.exe', 'Main.cs', 'Webhook.cs'], { cwd: folder });
      return [await fileOfPackage('mono-runtime', ['/usr/bin/mono']), ['check.exe']];
    },
  },
};

const makeSecret = () => `whsec_${randomBytes(24).toString('base64')}`;
const body = Buffer.from('{"type":"order.paid","timestamp":"2026-03-02T09:15:00.000Z","data":{"amount":10.50,"name":"Żółć"}}');
const [secret, other] = [makeSecret(), makeSecret()];

function sign(id: string, timestamp: number | string, key = secret, content = body): string {
  const hmac = createHmac('sha256', Buffer.from(key.replace('whsec_', ''), 'base64'));
  return `v1,${hmac.update(`${id}.${timestamp}.`).update(content).digest('base64')}`;
}

interface Case {
  name: string;
  accepted: boolean;
  id?: string;
  timestamp?: string;
  signature?: string;
  secrets?: string[];
  content?: Buffer;
}

/** Far enough from the limit of 300 s that no machine is too slow. */
function casesAt(now: number): Case[] {
  const id = 'order-1001-paid';
  const right = sign(id, now);
  return [
    { name: 'a genuine request', accepted: true },
    { name: 'the second of several signatures', accepted: true, signature: `v1,${randomBytes(32).toString('base64')} v1a,AAAA ${right}` },
    { name: 'the second of two secrets', accepted: true, secrets: [other, secret] },
    { name: 'an empty body', accepted: true, content: Buffer.alloc(0), signature: sign(id, now, secret, Buffer.alloc(0)) },
    {
      name: 'bytes that are not UTF-8',
      accepted: true,
      content: Buffer.from([255, 0, 254]),
      signature: sign(id, now, secret, Buffer.from([255, 0, 254])),
    },
    { name: 'another secret', accepted: false, secrets: [other] },
    { name: 'a changed body', accepted: false, content: Buffer.from(body.toString().replace('10.50', '99.50')) },
    { name: 'another id', accepted: false, id: 'order-1002-paid' },
    { name: 'no signature', accepted: false, signature: '' },
    { name: 'a signature without its version', accepted: false, signature: right.slice(3) },
    { name: 'an old request', accepted: false, timestamp: `${now - 4_000}`, signature: sign(id, now - 4_000) },
    { name: 'a request of the future', accepted: false, timestamp: `${now + 4_000}`, signature: sign(id, now + 4_000) },
    { name: 'a timestamp that is no number', accepted: false, timestamp: `${now}abc`, signature: sign(id, `${now}abc`) },
    { name: 'a dot in the id', accepted: false, id: 'a.b', signature: sign('a.b', now) },
    { name: 'no id', accepted: false, id: '', signature: sign('', now) },
  ].map((one) => ({ id, timestamp: `${now}`, signature: right, secrets: [secret], content: body, ...one }));
}

let root: string;
beforeAll(() => {
  root = mkdtempSync(join(tmpdir(), 'posthorn-samples-'));
});
afterAll(() => rmSync(root, { recursive: true, force: true }));

describe('the sample in', () => {
  it.concurrent.each(verification)('$title', async ({ language, file, code }) => {
    const toolchain = toolchains[language];
    if (!toolchain) throw new Error(`no toolchain for ${language}`);
    const folder = join(root, language);
    mkdirSync(dirname(join(folder, toolchain.sample ?? file)), { recursive: true });
    writeFileSync(join(folder, toolchain.sample ?? file), code);
    cpSync(join(harness, toolchain.main), join(folder, toolchain.main));
    const [command, args] = await toolchain.prepare(folder);
    const cases = casesAt(Math.floor(Date.now() / 1_000));
    const lines = cases.map(({ id, timestamp, signature, secrets = [], content }) =>
      [id, timestamp, signature, secrets.join(' '), content?.toString('base64')].join('\t'),
    );
    const running = run(command, args, { cwd: folder, timeout: 120_000 });
    running.child.stdin?.end(`${lines.join('\n')}\n`);
    const answers = (await running).stdout.trimEnd().split('\n');
    const expected = cases.map(({ name, accepted, id }) => `${name}: ${accepted ? id : '-'}`);
    expect(answers.map((answer, index) => `${cases[index]?.name}: ${answer}`)).toEqual(expected);
  });

  it('is there in the seven languages', () => {
    expect(verification.map(({ title }) => title)).toEqual(['JavaScript', 'Python', 'Go', 'Java', 'Ruby', 'PHP', 'C#']);
  });
});
