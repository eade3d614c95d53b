// How the portal of a link looks, its language, and which sites may embed it. The maker of the link chooses all of it. The
// origins become part of a header, so their form is strict.
import { z } from 'zod';

const portalLanguages = ['en', 'de'] as const;
export const portalLanguage = z.enum(portalLanguages);

const portalMode = z.enum(['light', 'dark', 'system']);

/** Characters of the data: URL; a quarter of them is base64's overhead. */
const longestLogo = 45_000;
const largestSide = 2_000;
const pngStart = '89504e470d0a1a0a';

const accent = z.string().regex(/^#[0-9a-f]{6}$/i, 'must be a colour such as #0b57d0');
const radius = z.int().min(0).max(16);

const logo = z
  .string()
  .max(longestLogo, `must have at most ${longestLogo.toLocaleString('en')} characters, which are 33 KB of an image`)
  .refine(isLogo, 'must be a data: URL in base64 with a PNG of at most 2,000 by 2,000 pixels, or an SVG without scripts and entities');

export const newPortalTheme = z
  .strictObject({
    accent: accent.describe(
      'colour of buttons, links and the focus, as #rrggbb; it is made darker or lighter where text would be hard to read',
    ),
    radius: radius.describe('radius of corners in pixels'),
    mode: portalMode.describe('system, the default: as the browser wishes'),
    logo: logo.describe('image shown beside the name of the tenant, as a data: URL: PNG or SVG'),
  })
  .partial();
export type NewPortalTheme = z.output<typeof newPortalTheme>;

export const portalTheme = z.object({
  accent: z.string().nullable(),
  radius: z.int().nullable(),
  mode: portalMode,
  logo: z.boolean().describe('whether it has one'),
});
export type PortalTheme = z.infer<typeof portalTheme>;

/** As the portal itself gets it. */
export const fullPortalTheme = portalTheme.extend({ logo: z.string().nullable().describe('a data: URL') });

/** What is stored of a theme besides its logo. */
export type StoredTheme = Omit<NewPortalTheme, 'logo'>;

export function themeOf({ accent, radius, mode = 'system' }: StoredTheme): Omit<PortalTheme, 'logo'> {
  return { accent: accent ?? null, radius: radius ?? null, mode };
}

/** Of a site that may embed the portal. Names only, because browsers compare no others. */
export const frameOrigin = z
  .string()
  .max(300)
  .refine(isFrameOrigin, 'must be an exact origin such as https://app.example.com, without a path; http only for localhost and 127.0.0.1');

export const frameOrigins = z.array(frameOrigin).max(10);

// a URL parser allows characters in hosts that would end the directive of the header
const exactOrigin = /^(https:\/\/[a-z0-9](?:[a-z0-9.-]*[a-z0-9])?|http:\/\/(?:localhost|127\.0\.0\.1))(?::\d{1,5})?$/;

function isFrameOrigin(text: string): boolean {
  return exactOrigin.test(text) && URL.parse(text)?.origin === text;
}

function isLogo(text: string): boolean {
  const [, type, base64 = ''] = /^data:image\/(png|svg\+xml);base64,([A-Za-z0-9+/]+={0,2})$/.exec(text) ?? [];
  const bytes = Buffer.from(base64, 'base64');
  return type === 'png' ? isPng(bytes) : type === 'svg+xml' && isSvg(bytes.toString('utf8'));
}

function isPng(bytes: Buffer): boolean {
  if (bytes.length < 33 || bytes.toString('hex', 0, 8) !== pngStart || bytes.toString('latin1', 12, 16) !== 'IHDR') return false;
  const sides = [bytes.readUInt32BE(16), bytes.readUInt32BE(20)];
  return sides.every((side) => side > 0 && side <= largestSide);
}

/** Browsers run no script of an image. Refused all the same, for those who open it otherwise. */
function isSvg(text: string): boolean {
  return (
    /^\s*(<\?xml[^>]*>\s*)?<svg[\s>]/.test(text) && !/<script|<foreignobject|<!doctype|<!entity|\son[a-z]+\s*=|javascript:/i.test(text)
  );
}
