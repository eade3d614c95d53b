// A gauge whose value another part is asked for at each scrape.
import { Gauge, type Registry } from '@prometheus-io/client';

/** `ask` resolves to undefined where there is no answer, and never rejects. */
export function askedGauge(registry: Registry, name: string, help: string, ask: () => Promise<number | undefined>): void {
  new Gauge({
    name,
    help,
    registers: [registry],
    aggregator: 'max',
    async collect() {
      const value = await ask();
      // without an answer there is no sample; an old one would look current
      if (value === undefined) this.remove();
      else this.set(value);
    },
  });
}
