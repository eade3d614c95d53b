// Counts requests to this server, by route template: a path with ids would make a series for each.
import { Counter, Histogram, type Registry } from '@prometheus-io/client';

export interface RequestMetrics {
  /**
   * Reports an answered request. `path`: of its route, in the syntax of Express; undefined: it reached none. `status` null:
   * the client went away before the end of the answer.
   */
  answered(method: string, path: string | undefined, status: number | null, ms: number): void;
}

interface RouteSeries {
  seconds: { observe(seconds: number): void };
  /** By the first digit of the status; 0: without an answer. */
  byClass: ({ inc(): void } | undefined)[];
  open(statusClass: number): { inc(): void };
}

const buckets = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30];
const methods = new Set(['GET', 'HEAD', 'POST', 'PATCH', 'PUT', 'DELETE', 'OPTIONS']);
const noRoute = 'none';

export function requestMetrics(registry: Registry): RequestMetrics {
  const registers = [registry];
  const requests = new Counter({
    name: 'posthorn_http_requests_total',
    help: 'Requests to this server, by route, method and class of the status; aborted: the client went away first.',
    labelNames: ['route', 'method', 'status'],
    registers,
  });
  const seconds = new Histogram({
    name: 'posthorn_http_request_seconds',
    help: 'Time from the head of a request to the end of its answer, by route and method.',
    labelNames: ['route', 'method'],
    buckets,
    registers,
  });
  const open = (method: string, path: string): RouteSeries => {
    const route = path.replaceAll(/:(\w+)/g, '{$1}');
    return {
      seconds: seconds.labels({ route, method }),
      byClass: [],
      open: (statusClass) => requests.labels({ route, method, status: statusClass === 0 ? 'aborted' : `${statusClass}xx` }),
    };
  };
  // the children are kept, so that a request looks up two strings and creates nothing
  const known = new Map<string, Map<string, RouteSeries>>();
  return {
    answered(method, path = noRoute, status, ms) {
      const series = seriesOf(known, methods.has(method) ? method : 'other', path, open);
      const statusClass = status === null ? 0 : Math.trunc(status / 100);
      series.byClass[statusClass] ??= series.open(statusClass);
      series.byClass[statusClass].inc();
      series.seconds.observe(ms / 1_000);
    },
  };
}

function seriesOf<S>(known: Map<string, Map<string, S>>, method: string, path: string, open: (method: string, path: string) => S): S {
  const ofMethod = known.get(method) ?? new Map<string, S>();
  const series = ofMethod.get(path);
  if (series) return series;
  const opened = open(method, path);
  known.set(method, ofMethod.set(path, opened));
  return opened;
}
