// The options and columns that the lists of all groups share.
import type { Command } from 'commander';

export { inPath } from '#client';

import { wholeNumber } from '../connection/given.ts';
import { colourOf } from '../terminal/colour.ts';
import { UsageError } from '../terminal/exit-codes.ts';
import type { Column } from '../terminal/table.ts';

export interface ListOptions {
  limit?: number | undefined;
  all?: boolean | undefined;
}

const usualLimit = 50;

/** Adds `--limit` and `--all`. */
export function listCommand(group: Command, description: string): Command {
  return group
    .command('list')
    .alias('ls')
    .description(description)
    .option('-n, --limit <number>', `show so many, the newest (default: ${usualLimit})`, atLeastOne)
    .option('--all', 'show all');
}

function atLeastOne(text: string): number {
  const number = wholeNumber(text);
  if (number === 0) throw new UsageError('--limit: must be at least 1');
  return number;
}

export function limitOf({ limit, all = false }: ListOptions): number {
  return limit ?? (all ? Number.POSITIVE_INFINITY : usualLimit);
}

/** A column of a member of the items. */
export function column<T>(title: string, name: keyof T): Column<T> {
  return { title, of: (item) => item[name] };
}

export function statusColumn<T>(title: string, of: (item: T) => string): Column<T> {
  return { title, of, colour: (item) => colourOf(of(item)) };
}
