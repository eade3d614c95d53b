// One thing for people: its fields, one on a line.
import { type Colour, paint } from './colour.ts';
import { visible } from './visible.ts';

export type Field = [title: string, value: unknown, colour?: Colour];

export function fieldsText(fields: Field[], { colours }: { colours: boolean }): string {
  const width = Math.max(...fields.map(([title]) => title.length));
  return fields
    .map(([title, value, colour]) => `${paint(title.padEnd(width), 'dim', colours)}  ${paint(visible(value), colour, colours)}\n`)
    .join('');
}

/** All members of an object, in their order. */
export function allFields(value: object): Field[] {
  return Object.entries(value).map(([name, member]): Field => [name, member]);
}
