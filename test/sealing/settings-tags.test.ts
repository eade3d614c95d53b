// Tags of settings: the same for the same settings, in whatever order they are written, and under each master key.
import { randomBytes } from 'node:crypto';
import { expect, it } from 'vitest';
import { settingsTags } from '#sealing/settings-tags';
import { createVault } from '#sealing/vault';

const [one, two] = [0, 1].map(() => randomBytes(32).toString('base64')) as [string, string];
const settings = { url: 'https://a.example', retry: { max: '1h', initial: '1s' }, types: ['b', 'a'] };

it('do not depend on the order of members, but on all else', () => {
  const vault = createVault([one]);
  const [tag] = settingsTags(vault, 'ep_1', settings);
  const { types, retry, url } = settings;
  expect(settingsTags(vault, 'ep_1', { types, retry: { initial: retry.initial, max: retry.max }, url })[0]).toBe(tag);
  const others = [
    { ...settings, types: ['a', 'b'] },
    { ...settings, url: '' },
    { ...settings, more: null },
  ];
  for (const other of others) expect(settingsTags(vault, 'ep_1', other)[0]).not.toBe(tag);
  expect(settingsTags(vault, 'ep_2', settings)[0]).not.toBe(tag);
  expect(settingsTags(createVault([two]), 'ep_1', settings)[0]).not.toBe(tag);
});

it('are known while a master key is rotated, whichever key a process puts first', () => {
  const tagsBy = (...keys: string[]) => settingsTags(createVault(keys), 'ep_1', settings);
  expect(tagsBy(one, two)).toContain(tagsBy(two)[0]);
  expect(tagsBy(two, one)).toContain(tagsBy(one)[0]);
  expect(tagsBy(two, one)[0]).toBe(tagsBy(two)[0]);
});
