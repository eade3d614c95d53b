// The accent of a link, made dark or light enough to read: as text on the ground, and as a ground for text.

type Rgb = readonly [number, number, number];

const grounds = { light: '#ffffff', dark: '#101418' };
/** WCAG AA asks 4.5 for text; a little more, because the accent also stands on raised grounds. */
const enough = 5;
const dark = '#0b1420';

/** For both modes, as values of light-dark(). `accent`: #rrggbb. */
export function accentTokens(accent: string): Record<'--accent' | '--on-accent', string> {
  const [light, night] = [readable(accent, 'light'), readable(accent, 'dark')];
  return { '--accent': `light-dark(${light}, ${night})`, '--on-accent': `light-dark(${textOn(light)}, ${textOn(night)})` };
}

/** The colour itself if it can be read on the ground, else the nearest mixture with black or white that can. */
export function readable(accent: string, mode: keyof typeof grounds): string {
  const ground = rgbOf(grounds[mode]);
  const end = rgbOf(mode === 'light' ? '#000000' : '#ffffff');
  const start = rgbOf(accent);
  for (let share = 0; share < 1; share += 0.04) {
    const mixed = start.map((channel, index) => Math.round(channel + ((end[index] ?? 0) - channel) * share));
    if (contrast(mixed as unknown as Rgb, ground) >= enough) return hexOf(mixed);
  }
  return hexOf([...end]);
}

/** Of two colours, 1 to 21. */
export function contrast(one: Rgb, other: Rgb): number {
  const [a, b] = [luminance(one), luminance(other)];
  return (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
}

export function rgbOf(hex: string): Rgb {
  const value = Number.parseInt(hex.slice(1), 16);
  return [(value >> 16) & 255, (value >> 8) & 255, value & 255];
}

const textOn = (hex: string) => (contrast(rgbOf('#ffffff'), rgbOf(hex)) >= contrast(rgbOf(dark), rgbOf(hex)) ? '#ffffff' : dark);

const hexOf = (channels: number[]) => `#${channels.map((channel) => channel.toString(16).padStart(2, '0')).join('')}`;

function luminance(rgb: Rgb): number {
  const [r, g, b] = rgb.map((channel) => {
    const share = channel / 255;
    return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
  }) as [number, number, number];
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
}
