// What the page and the portal in its frame say to each other. Every message goes to one exact origin, and is read only if it
// comes from the window and the origin that are expected.

/** From the page to the portal. */
export type HostMessage =
  /** The frame has loaded. */
  | ({ posthorn: 'hello' } & Look)
  /** How the portal looks from now on. */
  | ({ posthorn: 'look' } & Look)
  /** The token of a new link. */
  | { posthorn: 'token'; token: string }
  /** No new link could be had. */
  | { posthorn: 'no-token' };

/** From the portal to the page. */
export type FrameMessage =
  /** The answer to hello. */
  | { posthorn: 'ready' }
  /** How high its content is, in CSS pixels. */
  | { posthorn: 'height'; height: number }
  /** The link is about to end, or has ended. */
  | { posthorn: 'token-needed' };

export interface Look {
  mode?: 'light' | 'dark' | 'system';
  language?: 'en' | 'de';
}

/** Null: not a message of the portal. */
export function readFrameMessage(data: unknown): FrameMessage | null {
  const { posthorn, height } = fieldsOf(data);
  if (posthorn === 'ready' || posthorn === 'token-needed') return { posthorn };
  if (posthorn === 'height' && typeof height === 'number' && Number.isFinite(height)) return { posthorn, height };
  return null;
}

/** Null: not a message of a page that embeds the portal. */
export function readHostMessage(data: unknown): HostMessage | null {
  const { posthorn, token, mode, language } = fieldsOf(data);
  if (posthorn === 'no-token') return { posthorn };
  if (posthorn === 'token') return typeof token === 'string' ? { posthorn, token } : null;
  if (posthorn !== 'hello' && posthorn !== 'look') return null;
  return {
    posthorn,
    ...((mode === 'light' || mode === 'dark' || mode === 'system') && { mode }),
    ...((language === 'en' || language === 'de') && { language }),
  };
}

const fieldsOf = (data: unknown) => (typeof data === 'object' && data !== null ? data : {}) as Record<string, unknown>;

/** The `url` of a portal link in its parts. Throws if it is none. */
export function readPortalUrl(url: string): { url: string; origin: string; token: string } {
  const parsed = new URL(url);
  const token = new URLSearchParams(parsed.hash.slice(1)).get('token');
  if (!/^https?:$/.test(parsed.protocol) || !token) throw new Error('getUrl did not resolve to the url of a portal link');
  return { url: parsed.href, origin: parsed.origin, token };
}
