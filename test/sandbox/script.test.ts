import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseScript, type Step, stepFor } from '#sandbox/script';

const status = (code: number, rest: object = {}) => ({ kind: 'status', status: code, delayMs: 0, body: '', ...rest });

describe('parseScript', () => {
  it.each([
    ['', [status(200)]],
    ['  ', [status(200)]],
    ['500,500,200', [status(500), status(500), status(200)]],
    [' 500 , 200 ', [status(500), status(200)]],
    ['410', [status(410)]],
    ['429;retry-after=7', [status(429, { retryAfter: { seconds: 7, as: 'seconds' } })]],
    ['503;retry-after-date=90', [status(503, { retryAfter: { seconds: 90, as: 'date' } })]],
    ['200;delay=2s;body=hello', [status(200, { delayMs: 2_000, body: 'hello' })]],
    ['200;delay=60s', [status(200, { delayMs: 60_000 })]],
    ['200;body=a%2Cb%3Bc%25', [status(200, { body: 'a,b;c%' })]],
    ['200;body=a=b', [status(200, { body: 'a=b' })]],
    ['reset,drip,endless,204', [{ kind: 'reset' }, { kind: 'drip' }, { kind: 'endless' }, status(204)]],
  ])('parses %j', (script, steps) => {
    expect(parseScript(script)).toEqual({ steps });
  });

  it.each([
    ['hello', 'step 1 ("hello")'],
    ['500,,200', 'step 2 ("")'],
    ['200,99', 'step 2 ("99")'],
    ['600', 'status'],
    ['100', 'status'],
    ['200;retry-after=soon', 'retry-after'],
    ['200;retry-after=1;retry-after-date=1', 'cannot be combined'],
    ['200;delay=61s', 'delay'],
    ['200;delay=fast', 'delay'],
    ['200;delay=1s;delay=2s', 'duplicate option delay'],
    ['200;body=%', 'percent-encoded'],
    ['200;colour=red', '"colour"'],
    ['200;constructor', '"constructor"'],
    ['reset;delay=1s', 'must be a status'],
    [`200;body=${'x'.repeat(4_000)}`, '4000 characters'],
    [`${'200,'.repeat(100)}200`, '100 steps'],
  ])('refuses %j and names the faulty step', (script, problem) => {
    expect(parseScript(script)).toEqual({ problem: expect.stringContaining(problem) });
  });

  it('returns steps or a problem for any text, and never throws', () => {
    const text = fc.oneof(
      fc.string({ unit: 'binary' }),
      fc.array(fc.constantFrom('200', 'reset', ';', ',', '=', 'delay', '1s', 'body', '%')).map((parts) => parts.join('')),
    );
    fc.assert(
      fc.property(text, (script) => {
        const parsed = parseScript(script);
        if (!('problem' in parsed)) expect(parsed.steps.length).toBeGreaterThan(0);
      }),
    );
  });
});

describe('stepFor', () => {
  it('returns the steps in order and repeats the last', () => {
    const codes = fc.array(fc.integer({ min: 200, max: 599 }), { minLength: 1, maxLength: 20 });
    fc.assert(
      fc.property(codes, fc.integer({ min: 1, max: 40 }), (all, attempt) => {
        const steps = all.map((code) => status(code) as Step);
        expect(stepFor(steps, attempt)).toMatchObject({ status: all[attempt - 1] ?? all.at(-1) });
      }),
    );
  });
});
