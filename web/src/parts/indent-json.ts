// JSON set out in lines. Only spaces between its parts change: numbers keep their digits, strings their escapes, objects their
// order and their repeated keys.

const part = /"[^"\\]*(?:\\.[^"\\]*)*"|[{}[\],:]|[^\s"{}[\],:]+/g;

/** Deeper parts are not indented further: a text of brackets alone would become a thousand times as long. */
const deepest = 40;

/** What is no JSON stays as it is. */
export function indented(text: string): string {
  try {
    JSON.parse(text);
  } catch {
    return text;
  }
  const parts = text.match(part) ?? [];
  let depth = 0;
  const line = () => `\n${'  '.repeat(Math.min(depth, deepest))}`;
  const isOpening = (one: string | undefined) => one === '{' || one === '[';
  const isClosing = (one: string | undefined) => one === '}' || one === ']';
  const set = parts.map((one, index) => {
    if (isOpening(one)) {
      depth += 1;
      return isClosing(parts[index + 1]) ? one : one + line();
    }
    if (isClosing(one)) {
      depth -= 1;
      return isOpening(parts[index - 1]) ? one : line() + one;
    }
    return one === ',' ? one + line() : one === ':' ? ': ' : one;
  });
  return set.join('');
}
