// A URL, or the beginning of one, that somebody typed into a search. Of an endpoint's URL only the host is stored in plain text.

export interface PastedUrl {
  /** A part of the host, in lower case. */
  host: string;
  /** Whether a URL contains it, from the host on. */
  isIn: (url: string) => boolean;
}

/** With its scheme, or without one as lists show it: `hooks.example.com/orders`. Null: it is no URL. */
export function pastedUrl(text: string): PastedUrl | null {
  const trimmed = text.trim();
  const hasScheme = /^https?:\/\//i.test(trimmed);
  if (!hasScheme && !isHostAndPath(trimmed)) return null;
  const parsed = URL.parse(hasScheme ? trimmed : `https://${trimmed}`);
  if (!parsed) return null;
  const sought = withoutScheme(parsed).replace(/\/$/, '');
  return {
    host: parsed.host,
    isIn(url) {
      const other = URL.parse(url);
      return other !== null && withoutScheme(other).includes(sought);
    },
  };
}

/** Something with a dot or a port, and a slash. */
function isHostAndPath(text: string): boolean {
  const slash = text.indexOf('/');
  return slash > 0 && /[.:]/.test(text.slice(0, slash)) && !/\s/.test(text);
}

const withoutScheme = ({ host, pathname, search }: URL) => `${host}${pathname}${search}`.toLowerCase();
