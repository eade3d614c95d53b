// A JSON text that can be changed by path. What no path leads into stays as it was written, so numbers are not rounded.
import { elementTexts, memberTexts } from '../events/json-slices.ts';

/** Any element of an array. */
export const each = '*';

/** A value: its text, or its children once a path has led into it. */
export class JsonTree {
  #text: string;
  #members: Map<string, JsonTree> | undefined;
  #items: JsonTree[] | undefined;

  constructor(text: string) {
    this.#text = text;
  }

  get text(): string {
    if (this.#members) return `{${[...this.#members].map(([key, value]) => `${JSON.stringify(key)}:${value.text}`).join(',')}}`;
    if (this.#items) return `[${this.#items.map((item) => item.text).join(',')}]`;
    return this.#text;
  }

  /** The members of an object, to be changed; undefined: it is none. */
  members(): Map<string, JsonTree> | undefined {
    if (!this.#members && this.#text.startsWith('{')) {
      this.#members = new Map([...memberTexts(this.#text).members].map(([key, text]) => [key, new JsonTree(text)]));
    }
    return this.#members;
  }

  #elements(): JsonTree[] | undefined {
    if (!this.#items && this.#text.startsWith('[')) this.#items = elementTexts(this.#text).map((text) => new JsonTree(text));
    return this.#items;
  }

  /** The values at the end of the path: several where it has `*`, none where it ends early. */
  all(path: readonly string[]): JsonTree[] {
    let found: JsonTree[] = [this];
    for (const key of path) found = found.flatMap((value) => value.#children(key));
    return found;
  }

  #children(key: string): JsonTree[] {
    if (key === each) return this.#elements() ?? [];
    const child = this.#text.startsWith('[') ? this.#elements()?.[/^\d{1,9}$/.test(key) ? Number(key) : -1] : this.members()?.get(key);
    return child ? [child] : [];
  }

  /** The members of the object at the path, made where there is nothing; undefined: another value is in the way. */
  made(path: readonly string[]): Map<string, JsonTree> | undefined {
    const [key, ...rest] = path;
    const members = this.members();
    if (key === undefined || !members) return members;
    const child = members.get(key) ?? new JsonTree('{}');
    members.set(key, child);
    return child.made(rest);
  }
}
