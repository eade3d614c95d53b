// The text of server-sent events (WHATWG HTML, section 9.2).

/** `data` has no line breaks. Without an id: the client keeps the last one. */
export function eventText(name: string, data: string): string {
  return `event: ${name}\ndata: ${data}\n\n`;
}

/** An event without data, which the client does not show: it only remembers the id. */
export function idText(id: string): string {
  return `id: ${id}\n\n`;
}
