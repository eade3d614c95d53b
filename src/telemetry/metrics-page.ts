// Renders metrics in the text format of Prometheus, or in OpenMetrics, which alone has exemplars: the trace of the last
// request in each bucket of a histogram.
import { Registry } from '@prometheus-io/client';
import type { Metrics, Page } from './summed-metrics.ts';

/** `accept`: the header of the scraper. */
export type ReadPage = (accept?: string) => Promise<Page>;

/** `exemplars`: of OpenMetrics; undefined: there are none, and all scrapers get the text format. Concurrent calls share a page. */
export function openPage(registries: Registry[], exemplars: Registry | undefined): ReadPage {
  const text = shared(() => textPage(registries, exemplars));
  const open = exemplars && shared(() => openMetricsPage(registries, exemplars));
  return (accept = '') => (open && accept.includes('application/openmetrics-text') ? open() : text());
}

function shared<T>(render: () => Promise<T>): () => Promise<T> {
  let rendering: Promise<T> | undefined;
  return () => {
    rendering ??= render().finally(() => {
      rendering = undefined;
    });
    return rendering;
  };
}

async function textPage(registries: Registry[], exemplars: Registry | undefined): Promise<Page> {
  // the library writes a registry of OpenMetrics in that format only
  const plain = exemplars && Registry.aggregate([await exemplars.getMetricsAsJSON()]);
  const texts = await Promise.all([...registries, ...(plain ? [plain] : [])].map((one) => one.metrics()));
  return { type: Registry.PROMETHEUS_CONTENT_TYPE, text: texts.join('\n') };
}

async function openMetricsPage(registries: Registry[], exemplars: Registry): Promise<Page> {
  const metrics = (await Promise.all(registries.map((one) => one.getMetricsAsJSON()))).flat();
  // the library would change the names of the counters for good if it wrote their own registry in this format
  const copy = Registry.aggregate([metrics.map(withoutTotal)]);
  copy.setContentType(Registry.OPENMETRICS_CONTENT_TYPE);
  const [text, more] = await Promise.all([copy.metrics(), exemplars.metrics()]);
  return { type: Registry.OPENMETRICS_CONTENT_TYPE, text: text.replace(/# EOF\n$/, '') + more };
}

/** In OpenMetrics only the samples of a counter end in `_total`. */
function withoutTotal(metric: Metrics[number]): Metrics[number] {
  return String(metric.type) === 'counter' ? { ...metric, name: metric.name.replace(/_total$/, '') } : metric;
}
