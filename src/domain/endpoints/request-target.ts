// Request target: path and query of a URL, as they appear in the request line.

/** Unlike `pathname + search`, it keeps a question mark at the end. */
export function requestTarget({ protocol, href }: URL): string {
  const [text = ''] = href.split('#', 1);
  return text.slice(text.indexOf('/', protocol.length + 2));
}
