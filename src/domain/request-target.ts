// Path and query of a URL, as they stand in the request line.

/** `pathname + search` would lose a question mark with nothing behind it. */
export function requestTarget({ protocol, href }: URL): string {
  const [text = ''] = href.split('#', 1);
  return text.slice(text.indexOf('/', protocol.length + 2));
}
