// The `posthorn` command without a server: help, wrong usage, profiles, completion, output.
import { execFile } from 'node:child_process';
import { mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify, stripVTControlCharacters } from 'node:util';
import { Webhook } from 'standardwebhooks';
import { afterAll, describe, expect, it } from 'vitest';
import { completions } from '#cli/completion';
import { createProgram } from '#cli/program';
import { Output } from '#cli/terminal/output';
import { version } from '#config/package';
import { openCli, posthornProgram } from '../support/cli.ts';
import { fileOfPackage } from '../support/debian.ts';

const exec = promisify(execFile);

/** A folder with the command under its name. */
function commandFolder(): string {
  const folder = join(cli.folder, 'bin');
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, 'posthorn'), `#!/bin/sh\nexec '${process.execPath}' '${posthornProgram}' "$@"\n`, { mode: 0o755 });
  return folder;
}

const cli = openCli();
const away = openCli({ POSTHORN_URL: 'http://127.0.0.1:1', POSTHORN_API_KEY: 'a-key' });
afterAll(() => {
  cli.remove();
  away.remove();
});

it('reads files in UTF-8 with and without a byte order mark, and no others', async () => {
  const file = (name: string, bytes: Buffer) => {
    writeFileSync(join(away.folder, name), bytes);
    return `@${join(away.folder, name)}`;
  };
  const send = (data: string) => away.run(['send', 'a.b', '--tenant', 'x', '--data', data]);
  const json = '{"a":"ü"}\r\n';
  // the server is away, so the file was read
  expect(await send(file('marked.json', Buffer.from(`\uFEFF${json}`)))).toMatchObject({ code: 3 });
  for (const encoding of ['latin1', 'utf16le'] as const)
    expect(await send(file(`${encoding}.json`, Buffer.from(json, encoding)))).toMatchObject({
      code: 2,
      stderr: expect.stringContaining(encoding === 'latin1' ? 'latin1.json is not UTF-8 text: save it in UTF-8' : 'utf16le.json'),
    });
});

describe.concurrent('the command', () => {
  it('prints its help and version', async () => {
    const [help, own, number] = await Promise.all([cli.run(['--help']), cli.run(['endpoints', 'create', '-h']), cli.run(['--version'])]);
    for (const { code, stderr } of [help, own, number]) expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    for (const name of ['start', 'migrate', 'doctor', 'login', 'listen', 'tenants', 'replays'])
      expect(help.stdout).toMatch(new RegExp(`^  ${name}`, 'm'));
    expect(help.stdout).toContain('Exit codes: 0 done, 1 refused or failed, 2 wrong usage, 3 not reachable, 4 not authorised.');
    expect(own.stdout).toContain('--event-types <patterns>');
    expect(number.stdout.trim()).toBe(version);
  });

  it.each([
    [['tenant', 'lst'], "unknown command 'lst'"],
    [[], 'Usage: posthorn'],
    [['tenants', 'show'], "missing required argument 'tenant'"],
    [['events', 'list', '--bogus'], "unknown option '--bogus'"],
    [['listen', '--forward-to', 'http://a b'], '--forward-to: http://a b must be a host'],
    [['send', 'order.created', '--data', '{"a":', '--tenant', 'x'], '--data: is not JSON'],
    [['listen', '--forward-to', 'ftp://x'], '--forward-to: ftp://x must be a host'],
    [['send', 'order.created', '--data', '@/no/such/file', '--tenant', 'x'], 'error: /no/such/file cannot be read'],
    [['send', 'order.created'], 'Which tenant?'],
    [['deliveries', 'list', '--limit', '0'], '--limit: must be at least 1'],
    [['deliveries', 'list', '--since', 'yesterday'], 'must be a time such as'],
    [['--profile', 'none', 'status'], 'There is no profile none'],
    [['completion', 'tcsh'], 'must be bash, zsh or fish'],
  ])('%j is wrong usage', async (args, message) => {
    const { code, stdout, stderr } = await away.run(args);
    expect(stderr).toContain(message);
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
  });

  it.each([
    [['tenants', 'show'], 2, "missing required argument 'tenant'"],
    [['send', 'order.created'], 2, 'Which tenant?'],
    [['api-keys', 'list'], 1, 'POSTHORN_API_KEY: must have at least 16 characters'],
  ])('%j with --json is one JSON document', async (args, code, message) => {
    const { stderr, ...rest } = await away.run([...args, '--json']);
    expect(rest).toEqual({ code, stdout: '' });
    expect(JSON.parse(stderr)).toEqual({ title: 'error', detail: expect.stringContaining(message) });
  });

  it('says that nothing answers', async () => {
    const { code, stderr } = await away.run(['tenants', 'list']);
    expect(stderr).toMatch(/^error: .*http:\/\/127\.0\.0\.1:1.*\nCheck that Posthorn runs there/);
    expect(code).toBe(3);
    expect((await away.run(['--json', 'tenants', 'list'])).stderr).toMatch(/^\{"title":"error","detail":/);
  });

  it('says that there is no key', async () => {
    const { code, stderr } = await cli.run(['tenants', 'list']);
    expect(stderr).toMatch(/^error: There is no API key for http:\/\/127\.0\.0\.1:8080\. Log in with `posthorn login`/);
    expect(code).toBe(4);
  });
});

describe('profiles', () => {
  it('keep a key away from another server', async () => {
    const file = join(cli.folder, 'posthorn/profiles.json');
    mkdirSync(join(cli.folder, 'posthorn'), { recursive: true });
    writeFileSync(file, JSON.stringify({ profiles: { local: { url: 'http://127.0.0.1:2', apiKey: 'secret' } } }));
    const elsewhere = openCli({ XDG_CONFIG_HOME: cli.folder, POSTHORN_URL: 'http://127.0.0.1:1' });
    expect(await elsewhere.run(['tenants', 'list'])).toMatchObject({ code: 4 });
    elsewhere.remove();
    expect(await cli.json('profiles', 'list')).toEqual([{ name: 'local', current: true, url: 'http://127.0.0.1:2', tenant: null }]);
    expect(await cli.run(['profiles', 'use', 'other'])).toMatchObject({ code: 1, stderr: 'error: There is no profile other.\n' });
    expect(await cli.run(['profiles', 'remove', 'local'])).toMatchObject({ code: 0 });
    expect(statSync(file).mode & 0o777).toBe(0o600);
    expect(readFileSync(file, 'utf8')).not.toContain('secret');
    writeFileSync(file, '{');
    expect(await cli.run(['profiles', 'list'])).toMatchObject({ code: 2, stderr: expect.stringContaining(`${file} cannot be read`) });
  });
});

describe('completion', () => {
  it('offers commands and options', () => {
    const program = createProgram();
    expect(completions(program, ['ten'])).toEqual(['tenants']);
    expect(completions(program, ['deliveries', 'r'])).toEqual(['release', 'replay', 'retry-now']);
    expect(completions(program, ['endpoint', 'create', '--event'])).toEqual(['--event-types']);
    expect(completions(program, ['nothing', 'x'])).toEqual([]);
  });

  it.each([
    [
      'bash',
      'bash',
      `eval "$(posthorn completion bash)"; COMP_WORDS=(posthorn replays wa) COMP_CWORD=2; _posthorn; printf '%s\\n' "\${COMPREPLY[@]}"`,
    ],
    [
      'zsh',
      'zsh',
      `autoload -Uz compinit; compinit -D -u; eval "$(posthorn completion zsh)"
       compadd() { print -l -- \${(P)2} }
       words=(posthorn replays wa); CURRENT=3; _posthorn`,
    ],
    ['fish', 'fish', `posthorn completion fish | source; complete -C 'posthorn replays wa'`],
  ])('works in %s', async (name, debianPackage, script) => {
    const shell = await fileOfPackage(debianPackage, [`/usr/bin/${name}`, `/bin/${name}`, `/usr/local/bin/${name}`]);
    const env = { ...process.env, PATH: `${commandFolder()}:${process.env.PATH}`, HOME: cli.folder, XDG_CONFIG_HOME: cli.folder };
    expect((await exec(shell, ['-c', script], { env })).stdout).toBe('watch\n');
  });
});

describe('verify', () => {
  const secret = `whsec_${Buffer.alloc(32, 7).toString('base64')}`;
  const [id, body] = ['evt_1', '{"type":"order.created","data":{"n":1.0}}'];
  const sentAt = new Date('2026-03-02T10:00:00Z');
  const signature = new Webhook(secret).sign(id, sentAt, body);
  const headers = `Webhook-Id: ${id}\nwebhook-timestamp: ${sentAt.getTime() / 1_000}\nwebhook-signature: ${signature}\n`;
  const run = (...more: string[]) => cli.run(['verify', '--secret', secret, '--headers', `@${file('headers', headers)}`, ...more]);

  function file(name: string, text: string): string {
    writeFileSync(join(cli.folder, name), text);
    return join(cli.folder, name);
  }

  it('accepts a request however old it is, and refuses a changed one', async () => {
    const [valid, changed, old, wrong, ...unread] = await Promise.all([
      run('--body', `@${file('body', body)}`),
      run('--body', `@${file('changed', body.replace('1.0', '1'))}`),
      run('--body', `@${file('body', body)}`, '--tolerance', '300'),
      run('--body', '-', '--header', 'nonsense'),
      run('--body', '@/no/such/file', '--json'),
      run('--body', `@${file('body', body)}`, '--secret', 'whsec_?', '--json'),
    ]);
    expect(valid).toEqual({ code: 0, stdout: 'valid: evt_1, sent at 2026-03-02T10:00:00.000Z\n', stderr: '' });
    expect(changed).toMatchObject({ code: 1, stdout: '', stderr: expect.stringMatching(/^error: not valid: /) });
    expect(old).toMatchObject({ code: 1, stderr: expect.stringMatching(/^error: not valid: .*old/) });
    expect(wrong).toMatchObject({ code: 2, stderr: 'error: nonsense: must be name: value\n' });
    for (const { code, stdout } of unread) expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
  });
});

describe('output', () => {
  const columns = [
    { title: 'ID', of: ({ id }: { id: string; status: string }) => id },
    { title: 'STATUS', of: ({ status }: { id: string; status: string }) => status, colour: () => 'green' as const },
  ];
  const items = [
    { id: 'a', status: 'open' },
    { id: 'long', status: 'x\u001b[2Jy' },
  ];

  async function printed(given: Partial<Output['options']>, work: (output: Output) => Promise<void>): Promise<string> {
    let text = '';
    const write = async (part: string) => {
      text += part;
    };
    await work(new Output({ json: false, isTerminal: false, colours: false, width: 80, write, writeError: () => undefined, ...given }));
    return text;
  }

  it('is a table for people, without control characters of strangers', async () => {
    const text = await printed({}, (output) => output.list(items, { columns, empty: 'none' }));
    expect(text).toBe('ID    STATUS\na     open\nlong  x\\u001b[2Jy\n');
  });

  it('has colours only where they are wanted, and fits the terminal', async () => {
    const text = await printed({ colours: true, width: 8 }, (output) => output.list(items, { columns, empty: 'none' }));
    expect(text).toContain('\u001b[32m');
    for (const line of text.trim().split('\n')) expect(stripVTControlCharacters(line).length).toBeLessThanOrEqual(8);
  });

  it('is one document for each item with --json', async () => {
    const text = await printed({ json: true }, (output) => output.list(items, { columns, empty: 'none' }));
    expect(
      text
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line)),
    ).toEqual(items);
    expect(await printed({ json: true }, (output) => output.list([], { columns, empty: 'none' }))).toBe('');
  });
});
