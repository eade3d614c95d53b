// The log contains errors in full, but no objects that are attached to them.
import { expect, it } from 'vitest';
import { createLogger } from '#runtime/logger';

it('logs an error, its code and its cause, but no objects attached to it', () => {
  const lines: string[] = [];
  const log = createLogger('info', { write: (line) => void lines.push(line) });
  const cause = Object.assign(new Error('reset'), { code: 'ECONNRESET' });
  const error = Object.assign(new Error('lost', { cause }), { code: '57P01', client: { password: 'canary' } });
  log.warn({ err: error, secret: 'canary' }, 'store.lost');
  expect(lines).toHaveLength(1);
  expect(JSON.parse(lines[0] ?? '')).toMatchObject({
    msg: 'store.lost',
    err: { message: 'lost', code: '57P01', cause: { message: 'reset', code: 'ECONNRESET' } },
  });
  expect(lines[0]).not.toContain('canary');
});

it('withholds the message of an error that quotes data, also in the stack', () => {
  const lines: string[] = [];
  const log = createLogger('info', { write: (line) => void lines.push(line) });
  const refused = Object.assign(new Error('invalid input syntax for type json: "canary"'), {
    code: '22P02',
    severity: 'ERROR',
    detail: 'Token "canary" is invalid.',
    where: 'JSON data, line 1: canary',
  });
  let unread: unknown;
  try {
    JSON.parse('{"a":canary}');
  } catch (error) {
    unread = error;
  }
  log.error({ err: refused }, 'a');
  log.error({ error: refused }, 'as Temporal says it');
  log.error({ err: new Error('outer', { cause: unread }) }, 'b');
  for (const name of ['headers', 'secret', 'token', 'auth', 'url', 'body', 'data']) log.error({ [name]: { of: 'canary' } }, name);
  expect(lines).toHaveLength(10);
  expect(lines.join('')).not.toContain('canary');
  expect(JSON.parse(lines[0] ?? '').err).toMatchObject({ code: '22P02', stack: expect.stringMatching(/^ +at /) });
});
