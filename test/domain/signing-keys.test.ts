import fc from 'fast-check';
import { expect, it } from 'vitest';
import { keyRotation, signersAt } from '../../src/domain/signing-keys.ts';

const key = (name: string, own: boolean, signsFromMs: number, aloneFromMs: number, signsUntilMs: number | null) => ({
  name,
  own,
  signsFromMs,
  aloneFromMs,
  signsUntilMs,
});
const at = (keys: ReturnType<typeof key>[], nowMs: number) => signersAt(keys, nowMs).map(({ name }) => name);

it('a new key is published, signs beside the old one, then alone', () => {
  const keys = [key('old', false, 0, 0, 30), key('new', false, 20, 30, null)];
  expect([19, 20, 29, 30].map((now) => at(keys, now))).toEqual([['old'], ['new', 'old'], ['new', 'old'], ['new']]);
});

it("a tenant's first own key takes the place of the platform's, and gives it back when it ends without another", () => {
  const keys = [key('platform', false, 0, 0, null), key('own', true, 20, 30, 50)];
  expect([10, 20, 30, 49, 50].map((now) => at(keys, now))).toEqual([['platform'], ['own', 'platform'], ['own'], ['own'], ['platform']]);
});

it('there is always one that signs, whatever is rotated when', () => {
  const waits = fc.array(fc.record({ own: fc.boolean(), rest: fc.nat(50), publishFor: fc.nat(50), overlap: fc.nat(50) }), { maxLength: 6 });
  fc.assert(
    fc.property(waits, (rotations) => {
      const keys = [key('first', false, 0, 0, null)];
      let now = 0;
      for (const { own, rest, publishFor, overlap } of rotations) {
        now += rest;
        const alone = now + publishFor + overlap;
        for (const before of keys) if (before.own === own) before.signsUntilMs = Math.min(before.signsUntilMs ?? alone, alone);
        keys.push(key(`${now}`, own, now + publishFor, alone, null));
        now = alone;
      }
      for (let time = 0; time <= now + 1; time++) expect(at(keys, time)).not.toEqual([]);
    }),
  );
});

it.each<[object, object | null]>([
  [
    { overlap: 0, publishFor: 0 },
    { overlap: '0s', publishFor: '0s' },
  ],
  [
    { overlap: '0', publishFor: '0' },
    { overlap: '0s', publishFor: '0s' },
  ],
  [{ overlap: '1m' }, { overlap: '1m' }],
  [{ overlap: '59s' }, null],
  [{ overlap: '1ms' }, null],
  [{ overlap: '8d' }, null],
  [{ overlap: 60 }, null],
])('a rotation asked for as %j is %j', (asked, read) => {
  expect(keyRotation.safeParse(asked).data ?? null).toEqual(read);
});
