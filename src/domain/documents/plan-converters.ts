// Compares the converters of a type in a document with the stored ones. A version of the document that has `converters` has all
// that lead from it; of a version without, and of one that the document does not list, they stay.
import { same } from '../schemas/schema-pair.ts';
import type { Converter } from '../shaping/pins.ts';
import type { CatalogueVersion } from './catalogue-type.ts';

export interface ConverterStep extends Converter {
  action: 'add' | 'replace' | 'keep' | 'delete';
  /** Where it is in the document; of a deletion, where it is missing. */
  at: string;
}

export function planConverters(stored: readonly Converter[], versions: readonly CatalogueVersion[]): ConverterStep[] {
  return versions.flatMap(({ version: from, converters, schemaAt }) => {
    if (from === 'auto' || converters === undefined) return [];
    const before = stored.filter((one) => one.from === from);
    const deleted = before.filter(({ to }) => !converters.some((one) => one.to === to));
    return [
      ...converters.map(({ to, steps, at }): ConverterStep => {
        const known = before.find((one) => one.to === to);
        return { from, to, steps, at, action: known ? (same(known.steps, steps) ? 'keep' : 'replace') : 'add' };
      }),
      ...deleted.map((one): ConverterStep => ({ ...one, at: schemaAt.replace(/schema$/, 'converters'), action: 'delete' })),
    ];
  });
}
