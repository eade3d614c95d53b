// A failed command says one sentence. The stack is printed only when the log level asks for it.
import { describe, expect, it } from 'vitest';
import { exitCodeOf, failureText } from '#cli/failure-text';
import { NotReachable } from '#cli/not-reachable';
import { ConfigError } from '#config/config';
import { StoreOverloaded } from '#db/store/errors';

const refused = (address: string) => Object.assign(new Error(`connect ECONNREFUSED ${address}`), { code: 'ECONNREFUSED' });
const twoAddresses = Object.assign(new AggregateError([refused('::1:5432'), refused('127.0.0.1:5432')]), { code: 'ECONNREFUSED' });

describe('the text of a failed command', () => {
  it.each<[string, unknown, string, 1 | 3]>([
    ['a setting', new ConfigError('PORT: must be a number'), 'PORT: must be a number', 1],
    ['Temporal that is away', new NotReachable('Temporal did not answer.'), 'Temporal did not answer.', 3],
    [
      'PostgreSQL that is away, at two addresses',
      twoAddresses,
      'PostgreSQL is not available: connect ECONNREFUSED ::1:5432; connect ECONNREFUSED 127.0.0.1:5432. Check DATABASE_URL.',
      3,
    ],
    ['an internal error', new Error('no such row'), 'no such row (LOG_LEVEL=debug prints the stack)', 1],
    ['an error without a message', new TypeError(), 'TypeError (LOG_LEVEL=debug prints the stack)', 1],
    ['a thrown text', 'broken', 'broken (LOG_LEVEL=debug prints the stack)', 1],
  ])('is one line for %s', (_what, error, text, code) => {
    expect([failureText(error, 'info'), exitCodeOf(error)]).toEqual([text, code]);
  });

  it('has the stacks of the error and of its causes with debug and trace', () => {
    const error = new Error('not planned', { cause: new Error('no such row') });
    for (const level of ['debug', 'trace']) expect(failureText(error, level)).toBe(`${error.stack}\n${(error.cause as Error).stack}`);
    expect(failureText(twoAddresses, 'debug').match(/^Error: connect/gm)).toHaveLength(2);
    expect(failureText(new StoreOverloaded(), 'warn')).not.toMatch(/^ +at /m);
    expect(failureText(new ConfigError('PORT: must be a number'), 'debug')).toBe('PORT: must be a number');
  });
});
