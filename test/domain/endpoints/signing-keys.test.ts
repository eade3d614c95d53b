import fc from 'fast-check';
import { expect, it } from 'vitest';
import { keyRotation, signersAt } from '#domain/endpoints/signing-keys';

const key = (name: string, signsFromMs: number, signsUntilMs: number | null) => ({ name, signsFromMs, signsUntilMs });
const at = (keys: ReturnType<typeof key>[], nowMs: number) => signersAt(keys, nowMs).map(({ name }) => name);

it('a new key is published, then signs together with the old key, then alone', () => {
  const keys = [key('old', 0, 30), key('new', 20, null)];
  expect([19, 20, 29, 30].map((now) => at(keys, now))).toEqual([['old'], ['new', 'old'], ['new', 'old'], ['new']]);
});

it('at least one key signs at any time, for any rotations', () => {
  const waits = fc.array(fc.record({ rest: fc.nat(50), publishFor: fc.nat(50), overlap: fc.nat(50) }), { maxLength: 6 });
  fc.assert(
    fc.property(waits, (rotations) => {
      const keys = [key('first', 0, null)];
      let now = 0;
      for (const { rest, publishFor, overlap } of rotations) {
        now += rest;
        const alone = now + publishFor + overlap;
        for (const before of keys) before.signsUntilMs = Math.min(before.signsUntilMs ?? alone, alone);
        keys.push(key(`${now}`, now + publishFor, null));
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
])('the rotation request %j is read as %j', (asked, read) => {
  expect(keyRotation.safeParse(asked).data ?? null).toEqual(read);
});
