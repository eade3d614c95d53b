// Fills a compiled template with an event. The result depends on nothing else, so it has the same bytes at every attempt.
import type { JsonText } from './json-text.ts';
import type { Missing, Node } from './template.ts';
import { fillIn, longestOutput, tooLong } from './text-template.ts';

/** JSON text. Values of the event are in it as they were written. Throws ShapingError if it becomes too long. */
export function renderTemplate(template: Node, root: JsonText): string {
  return new Renderer(root).text(template) ?? 'null';
}

class Renderer {
  readonly #root: JsonText;
  #left = longestOutput;

  constructor(root: JsonText) {
    this.#root = root;
  }

  /** Undefined: it is left out. */
  text(node: Node): string | undefined {
    switch (node.kind) {
      case 'constant':
        return this.#written(node.text);
      case 'object':
        return `{${node.members.flatMap(([key, value]) => this.#member(key, value)).join(',')}}`;
      case 'array':
        return `[${node.items.flatMap((item) => this.text(item) ?? []).join(',')}]`;
      case 'value':
        return this.#value(node);
      case 'text': {
        const filled = fillIn(node.parts, this.#root, node);
        return filled === '' && node.missing !== 'null' ? this.#missing(node.missing) : this.#written(JSON.stringify(filled));
      }
    }
  }

  #member(key: string, value: Node): string[] {
    const text = this.text(value);
    return text === undefined ? [] : [`${this.#written(JSON.stringify(key))}:${text}`];
  }

  /** A value that the map does not name counts as missing. */
  #value({ path, map, missing }: Node & { kind: 'value' }): string | undefined {
    const found = this.#root.at(path)?.text;
    const text = map && found !== undefined ? map.get(keyOf(found)) : found;
    const isMissing = text === undefined || (text === 'null' && missing !== 'absent');
    return isMissing ? this.#missing(missing) : this.#written(text);
  }

  #missing(missing: Missing): string | undefined {
    if (missing === 'absent') return undefined;
    return missing === 'null' ? this.#written('null') : this.text(missing);
  }

  #written(text: string): string {
    this.#left -= text.length + 1;
    if (this.#left < 0) throw tooLong();
    return text;
  }
}

/** The key of `$map` that stands for a value: a text without its quotes, anything else as it was written. */
function keyOf(json: string): string {
  return json.startsWith('"') ? (JSON.parse(json) as string) : json;
}
