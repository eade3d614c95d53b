// Reads single values of a JSON text by path, as they were written: JSON.parse would round numbers. Each object or array
// on the way is scanned once, however many paths lead through it. Only for text that JSON.parse has accepted.
import { elementTexts, memberTexts } from '../events/json-slices.ts';
import type { Path } from './path.ts';

export class JsonText {
  readonly text: string;
  #children: Map<string, JsonText> | undefined;

  /** `members`: the texts of an object whose own text nobody reads. */
  constructor(text: string, members?: ReadonlyMap<string, string>) {
    this.text = text;
    if (members) this.#children = new Map([...members].map(([key, member]) => [key, new JsonText(member)]));
  }

  /** Undefined: there is no such value. */
  at(path: Path): JsonText | undefined {
    let found: JsonText | undefined = this;
    for (const key of path) {
      if (!found) return undefined;
      found = found.#child(key);
    }
    return found;
  }

  #child(key: string): JsonText | undefined {
    this.#children ??= new Map(childTexts(this.text).map(([name, text]) => [name, new JsonText(text)]));
    return this.#children.get(key);
  }
}

function childTexts(text: string): [string, string][] {
  if (text.startsWith('{')) return [...memberTexts(text).members];
  return text.startsWith('[') ? elementTexts(text).map((element, index) => [String(index), element]) : [];
}
