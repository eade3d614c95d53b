// The output of a start: it contains the key only if the key is new and goes to a terminal, and
// always commands that work when they are copied.
import { execFileSync } from 'node:child_process';
import { describe, expect, it } from 'vitest';
import { announcement, type KeyPlace } from '#app/announcement';

const key = 'phk_a-key';
const noTemporal = { temporalUiUrl: null, temporalAddress: null, temporalCommand: null };
const linesFor = (apiKey: KeyPlace, isTerminal: boolean, hasDemo = true) =>
  announcement({ origin: 'http://127.0.0.1:8080', ...noTemporal, apiKey, hasDemo, isTerminal }).join('\n');

describe('the API key', () => {
  const file = '/home/me/.posthorn/api-key';

  it('is printed once if it is new and the output goes to a terminal', () => {
    const text = linesFor({ key, file, isNew: true }, true);
    expect(text.split(key)).toHaveLength(2);
    expect(text).toContain(`API key          ${key} (shown only once; stored in ${file})`);
  });

  it.each<[string, KeyPlace, boolean]>([
    ['created just now, into a log', { key, file, isNew: true }, false],
    ['stored before, on a terminal', { key, file, isNew: false }, true],
    ['stored before, into a log', { key, file, isNew: false }, false],
  ])('%s: only its file is printed', (_, place, isTerminal) => {
    const text = linesFor(place, isTerminal);
    expect(text).not.toContain(key);
    expect(text).toContain(`API key          in ${file}`);
    expect(text.match(/Bearer \$\(cat \/home\/me\/\.posthorn\/api-key\)"/g)).toHaveLength(2);
  });

  it.each([true, false])('from POSTHORN_API_KEY is never printed (terminal: %s)', (isTerminal) => {
    const text = linesFor({ key }, isTerminal);
    expect(text).not.toContain(key);
    expect(text.match(/Bearer \$POSTHORN_API_KEY"/g)).toHaveLength(2);
  });

  it.each(['/a b/api-key', "/it's/api-key", '/$HOME/`id`/api-key'])('is read by the printed shell commands from %s', (path) => {
    const [, inShell = ''] = /"authorization: (Bearer .+)" http/.exec(linesFor({ key, file: path }, true)) ?? [];
    expect(execFileSync('sh', ['-c', `cat() { printf %s "$1"; }; printf %s "${inShell}"`]).toString()).toBe(`Bearer ${path}`);
  });
});

it.each(['temporal', '/home/me/.cache/posthorn/temporal/v1.5.1/temporal', '/a b/temporal'])(
  'the command for Temporal works: %s',
  (command) => {
    const temporal = { temporalUiUrl: null, temporalAddress: '127.0.0.1:7233', temporalCommand: command };
    const text = announcement({ origin: 'http://x', ...temporal, apiKey: { key }, hasDemo: false, isTerminal: false }).join('\n');
    const [, shell = ''] = /127\.0\.0\.1:7233 \((.+)\)$/m.exec(text) ?? [];
    const words = execFileSync('sh', ['-c', `printf '%s\\n' ${shell}`]).toString();
    expect(words.trim().split('\n')).toEqual([command, 'workflow', 'list', '--address', '127.0.0.1:7233']);
  },
);

it('shows no commands for a tenant that does not exist', () => {
  const text = linesFor({ key, file: '/k' }, true, false);
  expect(text).not.toContain('curl');
  expect(text).toContain('npm start -- --demo');
});
