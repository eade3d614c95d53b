// Times, durations and numbers as text. Times are in the language of the page, as the region of the browser writes them.

/** @example regional('en') // 'en-GB', so 24 hours and the day before the month, in a British browser */
export function regional(locale: string): string {
  const region = navigator.languages.map((language) => new Intl.Locale(language).region).find(Boolean);
  return region ? `${locale}-${region}` : locale;
}

const units: [Intl.RelativeTimeFormatUnit, number][] = [
  ['day', 86_400_000],
  ['hour', 3_600_000],
  ['minute', 60_000],
  ['second', 1_000],
];

/** `ms` from now, negative: ago. @example relativeTime(-240_000, 'en') // "4 min. ago" */
export function relativeTime(ms: number, locale: string): string {
  const format = new Intl.RelativeTimeFormat(locale, { style: 'short', numeric: 'always' });
  const [unit, size] = units.find(([, size]) => Math.abs(ms) >= size) ?? ['second', 1_000];
  return format.format(Math.trunc(ms / size), unit);
}

/** In the zone of the user, to the second. */
export function exactTime(at: Date, locale: string): string {
  return at.toLocaleString(regional(locale), { dateStyle: 'medium', timeStyle: 'long' });
}

export function shortDate(at: Date, locale: string): string {
  const isThisYear = at.getFullYear() === new Date().getFullYear();
  return at.toLocaleString(regional(locale), {
    day: 'numeric',
    month: 'short',
    ...(isThisYear ? { hour: '2-digit', minute: '2-digit' } : { year: 'numeric' }),
  });
}

/** Two digits. @example duration(1_234, 'en') // "1.2 s" */
export function duration(ms: number, locale: string): string {
  const [value, unit] =
    ms < 1_000
      ? [ms, 'ms']
      : ms < 60_000
        ? [ms / 1_000, 's']
        : ms < 3_600_000
          ? [ms / 60_000, 'min']
          : ms < 86_400_000
            ? [ms / 3_600_000, 'h']
            : [ms / 86_400_000, 'd'];
  const digits = value >= 10 ? 0 : 1;
  return `${value.toLocaleString(locale, { maximumFractionDigits: digits })} ${unit}`;
}

export const count = (value: number, locale: string) => value.toLocaleString(locale);

export const percent = (share: number, locale: string) =>
  share.toLocaleString(locale, { style: 'percent', maximumFractionDigits: share > 0.99 && share < 1 ? 2 : 1 });

/** In English. @example plural(1_204, 'delivery', 'deliveries') // "1,204 deliveries" */
export const plural = (value: number, one: string, many: string) => `${value.toLocaleString('en')} ${value === 1 ? one : many}`;
