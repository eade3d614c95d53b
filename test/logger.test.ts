// The log: errors are told in full, and nothing of what hangs on them.
import { expect, it } from 'vitest';
import { createLogger } from '../src/logger.ts';

it('tells an error, its code and its cause, and not the objects on it', () => {
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
