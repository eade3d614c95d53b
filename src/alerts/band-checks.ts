// Compares the last five minutes with what is usual, and learns from each full window of five final minutes. What is too
// little for its endpoint is known only when the minutes are final, unless it is much (lull-checks.ts); the rest is told at
// once. Two processes that do the same learn it once.
import {
  baselineKey,
  type Learnt,
  type OpenEndpoint,
  platformId,
  readAcceptedEvents,
  readBaselines,
  readFinalUntil,
  readOpenEndpoints,
  writeBaselines,
} from '#db/alerts/baselines';
import { readEndpointMinutes } from '#db/stats/endpoint-minutes';
import type { Db } from '#db/store/pool';
import type { AlertKind, Condition } from '#domain/alerts/alert';
import { type Baseline, bandOf, type Figure, isOutside, learn, leastAttempts, rules, windowMinutes } from '#domain/alerts/bands';
import { about, isJudged, ours } from '#domain/alerts/conditions';
import { hasDropped } from '#domain/alerts/success-drops';
import { percentiles } from '#domain/stats/latency';
import type { Found } from './checks.ts';
import { emptyWindow, meanOf, type Window, windowsOf } from './figure-windows.ts';
import { createLullChecks } from './lull-checks.ts';
import { withoutUsual } from './usual-quiet.ts';

const minuteMs = 60_000;
const windowMs = windowMinutes * minuteMs;
const kinds: Record<Exclude<Figure, 'ingest'>, AlertKind> = {
  success: 'endpoint.success_rate',
  latency: 'endpoint.latency',
  volume: 'endpoint.volume',
};

/** What is unusual now. */
export type BandChecks = () => Promise<Found>;

/** `now`: the time, by which the last five minutes are chosen. Lulls are not judged in the first `settledMs`. */
export function createBandChecks(db: Db, settledMs: number, now: () => number = Date.now): BandChecks {
  const checkLulls = createLullChecks(db, settledMs);
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
    const lulls = await checkLulls();
    return {
      conditions: firstOfEach([...found, ...lulls.conditions, ...tooFew]),
      checked: ['endpoint.slow', kinds.success, kinds.latency, ...(lulls.isCertain ? ([kinds.volume, 'ingest.abnormal'] as const) : [])],
    };
  };
}

/** The first condition of each kind and subject. */
function firstOfEach(conditions: Condition[]): Condition[] {
  const byKey = new Map<string, Condition>();
  for (const one of conditions) {
    const key = `${one.kind} ${one.subject}`;
    if (!byKey.has(key)) byKey.set(key, one);
  }
  return [...byKey.values()];
}

/** What is more, slower or worse than usual in the five minutes before `until`, of which the last ones are still counted. */
async function checkRunningWindow(db: Db, until: Date): Promise<Condition[]> {
  const since = new Date(until.getTime() - windowMs);
  const minutes = await readEndpointMinutes(db, { since, until });
  const windows = windowsOf(minutes);
  if (windows.size === 0) return [];
  const [events, baselines, endpoints] = await Promise.all([
    readAcceptedEvents(db, since, until),
    readBaselines(db, until, [...windows.keys(), platformId]),
    readOpenEndpoints(db, [...windows.keys()]),
  ]);
  const isMore: Judge = (id, figure, value) => outside(baselines, id, figure, value, (band) => figure === 'success' || value > band.mean);
  const lastMinute = Math.floor(until.getTime() / minuteMs) * minuteMs - minuteMs;
  const latest = windowsOf(minutes.filter(({ at }) => at.getTime() >= lastMinute));
  return [...conditionsOf(endpoints, windows, events, isMore), ...dropsOf(endpoints, latest, baselines)];
}

/** Endpoints that have accepted far less than usual since the begin of the minute before. */
function dropsOf(
  endpoints: ReadonlyMap<string, OpenEndpoint>,
  windows: ReadonlyMap<string, Window>,
  baselines: ReadonlyMap<string, Baseline>,
): Condition[] {
  return [...windows].flatMap(([id, window]) => {
    const [endpoint, usual] = [endpoints.get(id), baselines.get(baselineKey(id, 'success'))];
    if (!endpoint || !usual || !isJudged(endpoint) || !hasDropped(window, usual)) return [];
    const now = Math.round((100 * window.delivered) / window.attempts);
    return [about(endpoint, kinds.success, 'warning', 1, { minutes: 2, now, usual: Math.round(usual.mean) })];
  });
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
  return withoutUsual(db, conditions, (id) => baselines.get(baselineKey(id, id === platformId ? 'ingest' : 'volume'))?.mean ?? 0);
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
    if (isJudged(endpoint)) conditions.push(...checkEndpoint(endpoint, windows.get(id) ?? emptyWindow(), judge));
  }
  const unusual = judge(platformId, 'ingest', events);
  if (unusual)
    conditions.push(ours('ingest.abnormal', 'warning', 1, { minutes: windowMinutes, now: events, usual: Math.round(unusual.mean) }));
  return conditions;
}

type Judge = (id: string, figure: Figure, value: number) => Baseline | null;

function checkEndpoint(endpoint: OpenEndpoint, { accepted, delivered, attempts, latency }: Window, judge: Judge): Condition[] {
  const found: Condition[] = [];
  const compare = (figure: Exclude<Figure, 'ingest'>, value: number) => {
    const usual = judge(endpoint.endpointId, figure, value);
    if (!usual) return;
    const facts = { minutes: windowMinutes, now: Math.round(value), usual: Math.round(usual.mean) };
    found.push(about(endpoint, kinds[figure], 'warning', 1, facts));
  };
  compare('volume', accepted);
  if (attempts < leastAttempts) return found;
  compare('success', (100 * delivered) / attempts);
  compare('latency', meanOf(latency));
  const [p95 = null] = percentiles(latency, [0.95]);
  if (p95 !== null && p95 >= endpoint.timeoutMs / 2) {
    const facts = { minutes: windowMinutes, p95Ms: Math.round(p95), timeoutMs: endpoint.timeoutMs };
    found.push(about(endpoint, 'endpoint.slow', 'warning', 1, facts));
  }
  return found;
}
