// Pinned versions: which converters lead from the version of an event to the one that an endpoint has pinned.
import { convert, type Step } from './converter.ts';
import { ShapingError } from './shaping-error.ts';

export interface Converter {
  from: number;
  to: number;
  steps: Step[];
}

/** The version of an event type that an endpoint has pinned, with the converters as they were when the shape was made. */
export interface Pin {
  to: number;
  converters: Converter[];
}

/** The fewest converters from one version to another; of several ways that by the lowest versions. Null: none leads there. */
export function wayBetween(converters: readonly Converter[], from: number, to: number): Converter[] | null {
  const sorted = converters.toSorted((a, b) => a.from - b.from || a.to - b.to);
  const ways = new Map<number, Converter[]>([[from, []]]);
  // a map keeps the order in which versions are reached, so the nearest come first
  for (const [version, way] of ways) {
    if (version === to) return way;
    for (const next of sorted) if (next.from === version && !ways.has(next.to)) ways.set(next.to, [...way, next]);
  }
  return null;
}

/** The text of `data` in the pinned version. Throws ShapingError when no converter leads there. */
export function convertTo({ to, converters }: Pin, type: string, version: number, data: string): string {
  const way = wayBetween(converters, version, to);
  if (!way)
    throw new ShapingError(
      `no converter leads from version ${version} of ${type} to version ${to}, which the endpoint has pinned; store one and release the delivery`,
    );
  return way.reduce((text, { steps }) => convert(text, steps), data);
}
