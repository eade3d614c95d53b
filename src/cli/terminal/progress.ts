// The progress of long work, on standard error. A terminal gets a bar that is drawn over itself; a log gets nothing.
import type { Output } from './output.ts';

const barWidth = 30;

export class Progress {
  readonly #output: Output;
  #drawn = false;

  constructor(output: Output) {
    this.#output = output;
  }

  /** `total` null: not known yet. */
  show(done: number, total: number | null, text: string): void {
    const { isTerminal, writeError, width } = this.#output.options;
    if (!isTerminal || this.#output.json) return;
    const share = total === null || total === 0 ? 0 : Math.min(1, done / total);
    const full = Math.round(share * barWidth);
    const bar = `[${'#'.repeat(full)}${'-'.repeat(barWidth - full)}] ${total === null ? done : `${done}/${total}`} ${text}`;
    writeError(`\r\u001b[K${bar.slice(0, Math.max(10, width - 1))}`);
    this.#drawn = true;
  }

  end(): void {
    if (this.#drawn) this.#output.options.writeError('\n');
    this.#drawn = false;
  }
}
