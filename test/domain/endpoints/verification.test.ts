import { describe, expect, it } from 'vitest';
import { allowedRate, allowsOrigin, echoedIn } from '#domain/endpoints/verification';

describe('the nonce in the response to a challenge', () => {
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
  ])('in the body %j is %j', (body, echoed) => expect(echoedIn(body)).toBe(echoed));
});

describe('the CloudEvents handshake', () => {
  it.each([
    ['hooks.example', true],
    ['HOOKS.example', true],
    [' hooks.example ', true],
    ['*', true],
    ['hooks.example.com', false],
    ['*.example', false],
    ['', false],
    [undefined, false],
  ])('allows the origin with %j: %s', (allowed, agreed) => expect(allowsOrigin(allowed, 'hooks.example')).toBe(agreed));

  it.each([
    ['120', 120],
    ['*', null],
    ['0', null],
    ['-5', null],
    ['1.5', null],
    ['9999999999', null],
    [undefined, null],
  ])('reads the allowed rate %j as %s', (allowed, rate) => expect(allowedRate(allowed)).toBe(rate));
});
