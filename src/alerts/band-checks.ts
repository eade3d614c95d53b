// Compares the last five minutes with what is usual, and learns from each full window of five final minutes. What is too
// little is known only when the minutes are final; the rest is told at once. Two processes that do the same learn it once.
import {
  baselineKey,
  dashedUuid,
  type Learnt,
  type OpenEndpoint,
  platformId,
  readAcceptedEvents,
  readBaselines,
  readFinalUntil,
  readOpenEndpoints,
  writeBaselines,
} from '#db/alerts/baselines';
import { type EndpointMinute, readEndpointMinutes } from '#db/stats/endpoint-minutes';
import type { Db } from '#db/store/pool';
import type { AlertKind, Condition } from '#domain/alerts/alert';
import { type Baseline, bandOf, type Figure, isOutside, learn, leastAttempts, rules, windowMinutes } from '#domain/alerts/bands';
import { about, ours } from '#domain/alerts/conditions';
import { listenHost } from '#domain/endpoints/listen';
import { systemTenantId } from '#domain/endpoints/tenant';
import { addCounts, type Counts, middleOf, percentiles } from '#domain/stats/latency';
import type { Found } from './checks.ts';

const minuteMs = 60_000;
const windowMs = windowMinutes * minuteMs;
const kinds: Record<Exclude<Figure, 'ingest'>, AlertKind> = {
  success: 'endpoint.success_rate',
  latency: 'endpoint.latency',
  volume: 'endpoint.volume',
};

/** What is unusual now. */
export type BandChecks = () => Promise<Found>;

/** `now`: the time, by which the last five minutes are chosen. */
export function createBandChecks(db: Db, now: () => number = Date.now): BandChecks {
  let seen = 0;
  let tooFew: Condition[] = [];
  return async () => {
    const until = await readFinalUntil(db);
    if (!until) return { conditions: [], checked: [] };
    if (until.getTime() > seen) {
      tooFew = await checkFinalWindow(db, until);
      seen = until.getTime();
    }
    const found = await checkRunningWindow(db, new Date(now()));
    const isNew = ({ kind, subject }: Condition) => !found.some((other) => other.kind === kind && other.subject === subject);
    return { conditions: [...found, ...tooFew.filter(isNew)], checked: ['endpoint.slow', ...Object.values(kinds), 'ingest.abnormal'] };
  };
}

/** What is more, slower or worse than usual in the five minutes before `until`, of which the last ones are still counted. */
async function checkRunningWindow(db: Db, until: Date): Promise<Condition[]> {
  const since = new Date(until.getTime() - windowMs);
  const windows = windowsOf(await readEndpointMinutes(db, { since, until }));
  if (windows.size === 0) return [];
  const [events, baselines, endpoints] = await Promise.all([
    readAcceptedEvents(db, since, until),
    readBaselines(db, until, [...windows.keys(), platformId]),
    readOpenEndpoints(db, [...windows.keys()]),
  ]);
  const isMore: Judge = (id, figure, value) => outside(baselines, id, figure, value, (band) => figure === 'success' || value > band.mean);
  return conditionsOf(endpoints, windows, events, isMore);
}

/** Learns from a full window. Returns what is less than usual. */
async function checkFinalWindow(db: Db, until: Date): Promise<Condition[]> {
  const since = new Date(until.getTime() - windowMs);
  const [minutes, events, baselines] = await Promise.all([
    readEndpointMinutes(db, { since, until }),
    readAcceptedEvents(db, since, until),
    readBaselines(db, until, null),
  ]);
  const windows = windowsOf(minutes);
  const known = [...baselines.keys()].map((key) => key.split(' ')[0] ?? '').filter((id) => id !== platformId);
  const endpoints = await readOpenEndpoints(db, [...new Set([...known, ...windows.keys()])]);
  const learnt: Learnt[] = [];
  const isLess: Judge = (id, figure, value) => {
    learnt.push({ id, figure, ...learn(baselines.get(baselineKey(id, figure)) ?? null, value, rules[figure]) });
    const counts = figure === 'volume' || figure === 'ingest';
    return outside(baselines, id, figure, value, (band) => counts && value < band.mean);
  };
  const conditions = conditionsOf(endpoints, windows, events, isLess);
  // windows that overlap would be learnt several times
  if (until.getTime() % windowMs === 0) await writeBaselines(db, learnt, until);
  return conditions;
}

/** What is usual, if this is not. */
function outside(
  baselines: ReadonlyMap<string, Baseline>,
  id: string,
  figure: Figure,
  value: number,
  counts: (usual: Baseline) => boolean,
): Baseline | null {
  const usual = baselines.get(baselineKey(id, figure));
  return usual && counts(usual) && isOutside(value, bandOf(usual, rules[figure])) ? usual : null;
}

function conditionsOf(endpoints: ReadonlyMap<string, OpenEndpoint>, windows: ReadonlyMap<string, Window>, events: number, judge: Judge) {
  const conditions: Condition[] = [];
  for (const [id, endpoint] of endpoints) {
    const isLeftOut = endpoint.tenantId === dashedUuid(systemTenantId) || endpoint.host === listenHost;
    if (!isLeftOut) conditions.push(...checkEndpoint(endpoint, windows.get(id) ?? empty(), judge));
  }
  const unusual = judge(platformId, 'ingest', events);
  if (unusual)
    conditions.push(ours('ingest.abnormal', 'warning', 1, { minutes: windowMinutes, now: events, usual: Math.round(unusual.mean) }));
  return conditions;
}

interface Window {
  accepted: number;
  delivered: number;
  attempts: number;
  latency: Counts;
}

const empty = (): Window => ({ accepted: 0, delivered: 0, attempts: 0, latency: {} });

function windowsOf(minutes: EndpointMinute[]): Map<string, Window> {
  const windows = new Map<string, Window>();
  for (const { endpointId, accepted, delivered, failed, latency } of minutes) {
    const id = dashedUuid(endpointId);
    const window = windows.get(id) ?? empty();
    window.accepted += accepted;
    window.delivered += delivered;
    window.attempts += delivered + failed;
    addCounts(window.latency, latency);
    windows.set(id, window);
  }
  return windows;
}

type Judge = (id: string, figure: Figure, value: number) => Baseline | null;

function checkEndpoint(endpoint: OpenEndpoint, { accepted, delivered, attempts, latency }: Window, judge: Judge): Condition[] {
  const found: Condition[] = [];
  const compare = (figure: Exclude<Figure, 'ingest'>, value: number) => {
    const usual = judge(endpoint.endpointId, figure, value);
    if (!usual) return;
    const facts = { host: endpoint.host, minutes: windowMinutes, now: Math.round(value), usual: Math.round(usual.mean) };
    found.push(about(endpoint, kinds[figure], 'warning', 1, facts));
  };
  compare('volume', accepted);
  if (attempts < leastAttempts) return found;
  compare('success', (100 * delivered) / attempts);
  compare('latency', meanOf(latency));
  const [p95 = null] = percentiles(latency, [0.95]);
  if (p95 !== null && p95 >= endpoint.timeoutMs / 2) {
    const facts = { host: endpoint.host, minutes: windowMinutes, p95Ms: Math.round(p95), timeoutMs: endpoint.timeoutMs };
    found.push(about(endpoint, 'endpoint.slow', 'warning', 1, facts));
  }
  return found;
}

function meanOf(latency: Counts): number {
  let [sum, total] = [0, 0];
  for (const [bucket, count] of Object.entries(latency)) {
    sum += middleOf(Number(bucket)) * count;
    total += count;
  }
  return total === 0 ? 0 : sum / total;
}
