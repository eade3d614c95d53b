import { describe, expect, it } from 'vitest';
import { allowedRate, allowsOrigin, echoedIn } from '#domain/verification';

describe('the echo of a challenge', () => {
  it.each([
    ['abc', 'abc'],
    [' abc\n', 'abc'],
    ['"abc"', 'abc'],
    ['{"challenge":"abc"}', 'abc'],
    ['{"challenge":"abc","more":1}', 'abc'],
    ['{"challenge":', ''],
    ['{}', ''],
    ['{"__proto__":{"challenge":"abc"}}', ''],
    ['', ''],
  ])('in %j is %j', (body, echoed) => expect(echoedIn(body)).toBe(echoed));
});

describe('CloudEvents` handshake', () => {
  it.each([
    ['hooks.example', true],
    ['HOOKS.example', true],
    [' hooks.example ', true],
    ['*', true],
    ['hooks.example.com', false],
    ['*.example', false],
    ['', false],
    [undefined, false],
  ])('allows an origin by %j: %s', (allowed, agreed) => expect(allowsOrigin(allowed, 'hooks.example')).toBe(agreed));

  it.each([
    ['120', 120],
    ['*', null],
    ['0', null],
    ['-5', null],
    ['1.5', null],
    ['9999999999', null],
    [undefined, null],
  ])('allows a rate by %j: %s', (allowed, rate) => expect(allowedRate(allowed)).toBe(rate));
});
