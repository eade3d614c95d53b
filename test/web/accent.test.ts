// The accent of a link is made so that it can be read, in light and in dark, whatever was chosen.
import { expect, it } from 'vitest';
import { accentTokens, contrast, readable, rgbOf } from '../../web/src/portal/shell/frame/accent.ts';

const grounds = { light: '#ffffff', dark: '#101418' } as const;

it.each(['#ffffff', '#000000', '#ffd84d', '#0b57d0', '#7f7f7f', '#ff0000', '#00ff00', '#0000ff', '#101418'])('%s', (accent) => {
  for (const mode of ['light', 'dark'] as const) {
    const shown = readable(accent, mode);
    expect(contrast(rgbOf(shown), rgbOf(grounds[mode]))).toBeGreaterThanOrEqual(4.5);
    const [, light = '', dark = ''] = /^light-dark\((#[0-9a-f]{6}), (#[0-9a-f]{6})\)$/.exec(accentTokens(accent)['--on-accent']) ?? [];
    expect(contrast(rgbOf(mode === 'light' ? light : dark), rgbOf(shown))).toBeGreaterThanOrEqual(4.5);
  }
});

it('a colour that can be read is kept', () => {
  expect(readable('#0b57d0', 'light')).toBe('#0b57d0');
  expect(readable('#ffd84d', 'dark')).toBe('#ffd84d');
});
