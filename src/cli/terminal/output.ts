// What a command prints: tables and fields for people, JSON for programs. Results go to standard output, everything else to
// standard error, so that a pipe gets only results.
import { type Field, fieldsText } from './fields.ts';
import { type Column, Table } from './table.ts';

export interface OutputOptions {
  /** One JSON document, or one for each item of a list. */
  json: boolean;
  isTerminal: boolean;
  colours: boolean;
  /** Width of the terminal. Infinity: not a terminal. */
  width: number;
  /** Resolves when the text was taken, so that a long list does not pile up in memory. */
  write(text: string): Promise<void>;
  writeError(text: string): void;
}

export interface ListOptions<T> {
  columns: Column<T>[];
  /** Printed for people if there is no item. */
  empty: string;
}

export class Output {
  readonly json: boolean;
  readonly options: OutputOptions;

  constructor(options: OutputOptions) {
    this.options = options;
    this.json = options.json;
  }

  /** Prints a result that is text for both. */
  async text(text: string): Promise<void> {
    await this.options.write(text.endsWith('\n') ? text : `${text}\n`);
  }

  /** Prints `value` for programs, or the fields of it for people. */
  async show(value: unknown, fields: Field[] | string): Promise<void> {
    if (this.json) return this.document(value);
    await this.text(typeof fields === 'string' ? fields : fieldsText(fields, this.options));
  }

  async document(value: unknown): Promise<void> {
    await this.options.write(`${JSON.stringify(value)}\n`);
  }

  /** Prints the items as they arrive: a table for people, one JSON document for each item for programs. */
  async list<T>(items: AsyncIterable<T> | Iterable<T>, { columns, empty }: ListOptions<T>): Promise<void> {
    const table = new Table(columns, this.options);
    for await (const item of items) await this.options.write(this.json ? `${JSON.stringify(item)}\n` : table.add(item));
    if (this.json) return;
    const rest = table.end();
    if (rest === null) return this.note(empty);
    await this.options.write(rest);
  }

  /** For people only: what was done, hints. Not part of the result. */
  note(line: string): void {
    if (!this.json) this.options.writeError(`${line}\n`);
  }
}
