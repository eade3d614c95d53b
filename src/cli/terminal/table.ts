// A table of a list. Its first rows decide the widths, so that a long list prints while it is still being read.
import { type Colour, paint } from './colour.ts';
import { cut, visible } from './visible.ts';

export interface Column<T> {
  title: string;
  of(item: T): unknown;
  colour?: (item: T) => Colour | undefined;
}

/** Rows that are read before the first is printed. */
const measured = 250;
const gap = '  ';

interface Options {
  colours: boolean;
  width: number;
}

export class Table<T> {
  readonly #columns: Column<T>[];
  readonly #options: Options;
  #waiting: T[] = [];
  #widths: number[] | null = null;

  constructor(columns: Column<T>[], options: Options) {
    this.#columns = columns;
    this.#options = options;
  }

  /** Returns the lines to print now. */
  add(item: T): string {
    if (this.#widths) return this.#row(item, this.#widths);
    this.#waiting.push(item);
    return this.#waiting.length < measured ? '' : this.#begin();
  }

  /** Returns the remaining lines. Null: there was no item at all. */
  end(): string | null {
    if (this.#widths) return '';
    return this.#waiting.length === 0 ? null : this.#begin();
  }

  #begin(): string {
    const widths = this.#columns.map(({ title, of }) => Math.max(title.length, ...this.#waiting.map((item) => visible(of(item)).length)));
    this.#widths = widths;
    const head = paint(this.#line(this.#columns.map(({ title }, at) => title.padEnd(widths[at] ?? 0))), 'bold', this.#options.colours);
    const rows = this.#waiting.map((item) => this.#row(item, widths));
    this.#waiting = [];
    return `${head}\n${rows.join('')}`;
  }

  #row(item: T, widths: number[]): string {
    const cells = this.#columns.map(({ of }, at) => visible(of(item)).padEnd(widths[at] ?? 0));
    const line = this.#line(cells);
    const at = this.#columns.findIndex(({ colour }) => colour);
    const colour = this.#columns[at]?.colour?.(item);
    const cell = cells[at]?.trimEnd();
    if (!colour || !cell || !this.#options.colours) return `${line}\n`;
    const from = cells.slice(0, at).join(gap).length + (at === 0 ? 0 : gap.length);
    return `${line.slice(0, from)}${paint(line.slice(from, from + cell.length), colour, true)}${line.slice(from + cell.length)}\n`;
  }

  #line(cells: string[]): string {
    return cut(cells.join(gap).trimEnd(), this.#options.width);
  }
}
