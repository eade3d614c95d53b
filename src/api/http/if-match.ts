// The header If-Match (RFC 9110, 13.1.1): a change is refused if its resource has changed since the caller read it.
import { Problem } from './problem.ts';

/** Throws a 412 if the request has an If-Match, and these are not the tags that it names. */
export type RequireMatch = (tags: () => readonly string[]) => void;

/** Without a header, and with `*`, everything matches. Throws a 400 if the header is malformed. */
export function matching(header: string | undefined): RequireMatch {
  if (header === undefined || header.trim() === '*') return () => undefined;
  const wanted = strongTags(header);
  return (tags) => {
    if (tags().some((tag) => wanted.has(tag))) return;
    const detail = 'The settings have changed since you read them. Read them again, and repeat your change with their new etag.';
    throw new Problem(412, detail);
  };
}

// An element of the list may be empty, and a tag may contain commas.
const element = /[ \t]*(?:(W\/)?("[\x21\x23-\x7e\x80-\xff]*")[ \t]*)?(?:,|$)/y;

/** Without the weak ones: If-Match compares strongly, so they never match. */
function strongTags(header: string): Set<string> {
  const strong = new Set<string>();
  let tags = 0;
  for (element.lastIndex = 0; element.lastIndex < header.length; ) {
    const found = element.exec(header);
    if (!found) throw malformed();
    const [, weak, tag] = found;
    if (tag !== undefined) tags++;
    if (tag !== undefined && weak === undefined) strong.add(tag);
  }
  if (tags === 0) throw malformed();
  return strong;
}

function malformed(): Problem {
  const message = 'must be * or a list of etags, each with its double quotes';
  return new Problem(400, `If-Match ${message}.`, { errors: [{ path: 'If-Match', message }] });
}
