// What a start prints: a key only when it was made just now and a person reads it, and always commands that work as they are copied.
import { execFileSync } from 'node:child_process';
import { describe, expect, it } from 'vitest';
import { announcement, type KeyPlace } from '#app/announcement';

const key = 'phk_a-key';
const told = (apiKey: KeyPlace, isTerminal: boolean, hasDemo = true) =>
  announcement({ origin: 'http://127.0.0.1:8080', temporalUiUrl: null, apiKey, hasDemo, isTerminal }).join('\n');

describe('the API key', () => {
  const file = '/home/me/.posthorn/api-key';

  it('is printed once where it was made just now and a terminal shows it', () => {
    const text = told({ key, file, isNew: true }, true);
    expect(text.split(key)).toHaveLength(2);
    expect(text).toContain(`API key          ${key} (shown only once; stored in ${file})`);
  });

  it.each<[string, KeyPlace, boolean]>([
    ['made just now, into a log', { key, file, isNew: true }, false],
    ['kept from before, on a terminal', { key, file, isNew: false }, true],
    ['kept from before, into a log', { key, file, isNew: false }, false],
  ])('%s is not printed, but where it is', (_, place, isTerminal) => {
    const text = told(place, isTerminal);
    expect(text).not.toContain(key);
    expect(text).toContain(`API key          in ${file}`);
    expect(text.match(/Bearer \$\(cat \/home\/me\/\.posthorn\/api-key\)"/g)).toHaveLength(2);
  });

  it.each([true, false])('of your own is never printed (terminal: %s)', (isTerminal) => {
    const text = told({ key }, isTerminal);
    expect(text).not.toContain(key);
    expect(text.match(/Bearer \$POSTHORN_API_KEY"/g)).toHaveLength(2);
  });

  it.each(['/a b/api-key', "/it's/api-key", '/$HOME/`id`/api-key'])('is read by the shell from %s', (path) => {
    const [, inShell = ''] = /"authorization: (Bearer .+)" http/.exec(told({ key, file: path }, true)) ?? [];
    expect(execFileSync('sh', ['-c', `cat() { printf %s "$1"; }; printf %s "${inShell}"`]).toString()).toBe(`Bearer ${path}`);
  });
});

it('shows no command for a tenant that is not there', () => {
  const text = told({ key, file: '/k' }, true, false);
  expect(text).not.toContain('curl');
  expect(text).toContain('npm start -- --demo');
});
