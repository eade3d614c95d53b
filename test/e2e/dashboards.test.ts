// deploy/grafana and deploy/prometheus: the rules pass promtool, every metric that they and the dashboards name exists, a
// real Prometheus scrapes a running Posthorn and understands every expression, and PostgreSQL every query.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect } from 'vitest';
import { parse } from 'yaml';
import { uuidOf } from '#domain/ids';
import { percentiles } from '#domain/stats/latency';
import { documented, readMetrics } from '../api/prometheus-page.ts';
import { promtool, startPrometheus } from '../support/prometheus.ts';
import { withPosthorn } from '../support/shared-posthorn.ts';
import { until } from '../support/until.ts';

const it = withPosthorn;
const grafana = 'deploy/grafana';
const prometheusFolder = 'deploy/prometheus';
const endpointVariable = /\$\{endpoint\}/g;
const rulesFile = join(process.cwd(), prometheusFolder, 'rules.yml');

interface Target {
  expr?: string;
  rawSql?: string;
}

interface Dashboard {
  uid: string;
  panels: { id: number; title: string; type: string; targets?: Target[]; gridPos: { x: number; w: number } }[];
  templating: { list: { name: string }[] };
}

const dashboards = readdirSync(grafana)
  .filter((name) => name.endsWith('.json'))
  .map((name) => ({ name, ...(JSON.parse(readFileSync(join(grafana, name), 'utf8')) as Dashboard) }));
const targets = dashboards.flatMap(({ panels }) => panels.flatMap(({ targets = [] }) => targets));
const rules = (parse(readFileSync(rulesFile, 'utf8')).groups as { rules: { alert: string; expr: string }[] }[]).flatMap(
  (group) => group.rules,
);
const withValues = (expression: string) => expression.replaceAll('$__rate_interval', '1m').replaceAll(endpointVariable, 'ep_1');
const expressions = [...targets.flatMap(({ expr = [] }) => expr), ...rules.map(({ expr }) => expr)].map(withValues);

/** The metrics in a PromQL expression, without the suffixes of histograms. */
function metricsIn(expression: string): string[] {
  const bare = expression.replaceAll(/"[^"]*"/g, '').replaceAll(/\{[^}]*\}|\b(?:by|on|without) ?\([^)]*\)/g, '');
  return [...bare.matchAll(/\b(?:posthorn|temporal|process|nodejs)_\w+/g)].map(([name]) => name.replace(/_(bucket|sum|count)$/, ''));
}

describe('deploy/prometheus', () => {
  it('passes promtool check rules and promtool test rules', async () => {
    expect(await promtool(prometheusFolder, 'check', 'rules', 'rules.yml')).toMatch(/SUCCESS: \d+ rules found/);
    expect(await promtool(prometheusFolder, 'test', 'rules', 'rules.test.yml')).toContain('SUCCESS');
  });

  it('has the alerts of docs/metrics.md, all with an explanation', () => {
    const named = [...readFileSync('docs/metrics.md', 'utf8').matchAll(/^\| `(Posthorn\w+)` \|/gm)].map(([, name]) => name);
    expect(rules.map(({ alert }) => alert).toSorted()).toEqual(named.toSorted());
    for (const rule of rules)
      expect(rule).toMatchObject({
        labels: { severity: expect.anything() },
        annotations: { summary: expect.anything(), description: expect.anything() },
      });
  });
});

describe('deploy/grafana', () => {
  it('has three dashboards whose panels have ids of their own and fit the grid', () => {
    expect(dashboards.map(({ name }) => name).toSorted()).toEqual(['endpoint.json', 'engine.json', 'overview.json']);
    expect(new Set(dashboards.map(({ uid }) => uid)).size).toBe(3);
    for (const { panels } of dashboards) {
      expect(new Set(panels.map(({ id }) => id)).size).toBe(panels.length);
      for (const { gridPos } of panels) expect(gridPos.x + gridPos.w).toBeLessThanOrEqual(24);
      for (const panel of panels) if (panel.type !== 'row') expect(panel.targets?.length, panel.title).toBeGreaterThan(0);
    }
  });
});

describe('a running Posthorn', () => {
  it('has every metric that rules and dashboards name', async ({ posthorn }) => {
    const { text } = await readMetrics(posthorn.origin);
    const ofNode = [...text.matchAll(/^# TYPE ((?:process|nodejs)_\w+) /gm)].map(([, name]) => name ?? '');
    const known = new Set([...documented('posthorn'), ...documented('temporal'), ...ofNode]);
    expect(expressions.length).toBeGreaterThan(60);
    for (const expression of expressions) {
      expect(metricsIn(expression), expression).not.toEqual([]);
      expect(
        metricsIn(expression).filter((name) => !known.has(name)),
        expression,
      ).toEqual([]);
    }
  });

  it('is scraped by a real Prometheus, which understands every expression', async ({ posthorn }) => {
    const prometheus = await startPrometheus(posthorn.origin, rulesFile);
    try {
      await until('Posthorn to be scraped', async () => (await prometheus.query('up{job="posthorn"}'))[0]?.value === 1);
      const [workers] = await until('our metrics', async () => {
        const found = await prometheus.query('max(posthorn_workers)');
        return found.length === 1 && found;
      });
      expect(workers?.value).toBeGreaterThanOrEqual(1);
      expect(await prometheus.query('posthorn_http_requests_total{route="/metrics",status="2xx"}')).not.toEqual([]);
      for (const expression of expressions) await prometheus.query(expression);
      await expect(prometheus.query('max(')).rejects.toThrow('parse error');
      expect(await prometheus.query('ALERTS{alertname="PosthornStoreUnavailable"}')).toEqual([]);
    } finally {
      await prometheus.stop();
    }
  });

  it('answers the queries of the endpoint dashboard from its rollups', async ({ posthorn }) => {
    const { db } = posthorn.core;
    const tenant = await posthorn.makeTenant();
    const endpoint = await posthorn.makeEndpoint(tenant, 'https://receiver.example.com/path');
    const latency = { 3: 5, 40: 70, 100: 20, 150: 5 };
    await db.query(
      `insert into stats_minutes (id, at, scope, tenant_id, accepted, delivered, failed, latency, outcomes, status_codes)
       select id, date_trunc('minute', now()), 'endpoint', tenant_id, 9, 90, 10, $2, '{"accepted": 90, "timeout": 10}', '{"200": 90}'
       from endpoints where id = $1`,
      [uuidOf(endpoint.id), latency],
    );
    const queries = targets.flatMap(({ rawSql = [] }) => rawSql);
    const rowsOf = async (query: string) => {
      const text = query
        .replaceAll(endpointVariable, endpoint.id)
        .replaceAll(/\$__timeFilter\(([\w.]+)\)/g, `$1 > now() - interval '6 hours'`);
      return (await db.query(text)).rows;
    };
    const rows = (await Promise.all(queries.map(rowsOf))).flat().map(({ time: _time, created_at: _at, ...row }) => row);
    const [p50, p95, p99] = percentiles(latency, [0.5, 0.95, 0.99]);
    const close = (value: number | null | undefined) => expect.closeTo(value ?? 0, 2);
    expect(rows).toEqual([
      { host: 'receiver.example.com', gate: 'open', description: '' },
      { delivered: 90, failed: 10 },
      { 'success rate': 0.9 },
      { metric: 'accepted', value: 90 },
      { metric: 'timeout', value: 10 },
      { metric: '200', value: 90 },
      { p50: close(p50), p95: close(p95), p99: close(p99) },
      { accepted: 9 },
    ]);
    expect(await rowsOf(queries[0]?.replaceAll(endpointVariable, '') ?? '')).toEqual([]);
  });
});
