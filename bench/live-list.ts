// `node bench/live-list.ts [--changes n] [--seconds n]`: whether the list of deliveries in the dashboard stays smooth and small
// while deliveries are made and change, in a real Chromium. 10,000 changes a minute for a minute by default; `--seconds 3600` for
// an hour. Ends with exit code 1 if the page was busy for longer than 50 ms at once, if the memory grows, or if the list is not up to date at the end.
import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import pg from 'pg';
import type { CDPSession, Page } from 'playwright-core';
import { launchChromium } from '../test/web/support/chromium.ts';
import { say, withFilledStore } from './filled-store.ts';
import { benchKey } from './posthorn.ts';

const limitMs = 50;
const growthLimit = 1.25;
/** Not counted: the page is read, and the browser compiles what it runs often. */
const warmUpMs = 10_000;
/** A trace of more seconds would not fit into memory. */
const longestTraced = 120;
const { values } = parseArgs({
  options: {
    changes: { type: 'string', default: '10000' },
    seconds: { type: 'string', default: '60' },
    keep: { type: 'string' },
  },
});
const everyMs = 60_000 / Number(values.changes);
const seconds = Number(values.seconds);

const insert = `
  insert into deliveries (id, event_id, endpoint_id, tenant_id, event_type, status, updated_at)
  select $1, $1, e.id, e.tenant_id, 'order.created', 'pending', clock_timestamp() from endpoints e limit 1`;
const update = `
  update deliveries set status = $2, attempts = attempts + 1, last_message = $3, updated_at = clock_timestamp() where id = $1`;
const statuses = ['succeeded', 'retrying', 'held', 'dead_lettered'];

/** One new delivery for two changes of the newest ones, each its own transaction. Returns the id of the last new one. */
async function change(db: pg.Client, until: number): Promise<{ changes: number; last: string }> {
  const newest: string[] = [];
  const beganAt = performance.now();
  let n = 0;
  for (; performance.now() < until; n++) {
    const waitMs = beganAt + n * everyMs - performance.now();
    if (waitMs > 0) await new Promise((resolve) => setTimeout(resolve, waitMs));
    if (n % 3 === 0) {
      const uuid = `${Date.now().toString(16).padStart(12, '0')}70008${n.toString(16).padStart(15, '0')}`;
      await db.query({ name: 'insert', text: insert, values: [uuid] });
      newest.unshift(uuid);
      newest.length = Math.min(newest.length, 400);
    } else {
      const message = `HTTP ${200 + (n % 300)} from api.example.com, ${n % 900} ms`;
      await db.query({ name: 'update', text: update, values: [newest[n % newest.length], statuses[n % statuses.length], message] });
    }
  }
  return { changes: n, last: newest[0] ?? '' };
}

/** Notes how long the page was busy at once, and the longest frame, from now on. */
async function watch(page: Page): Promise<() => Promise<{ busy: number[]; frame: number; frames: number }>> {
  await page.evaluate(`(() => {
    const seen = { busy: [], frame: 0, frames: 0 };
    new PerformanceObserver((list) => { for (const { duration } of list.getEntries()) seen.busy.push(duration); }).observe({ type: 'longtask' });
    let before = performance.now();
    const look = (now) => { seen.frame = Math.max(seen.frame, now - before); seen.frames += 1; before = now; requestAnimationFrame(look); };
    requestAnimationFrame(look);
    window.seen = seen;
  })()`);
  return () => page.evaluate('window.seen');
}

/** @example '120 84 61' */
const longestOf = (durations: number[]) =>
  durations
    .toSorted((a, b) => b - a)
    .slice(0, 10)
    .map((ms) => ms.toFixed(0))
    .join(' ');

/** The longest tasks of the page's main thread, in milliseconds of its own CPU: other processes of a busy machine do not count. */
function longestTasks(trace: Buffer): number[] {
  const { traceEvents } = JSON.parse(trace.toString()) as {
    traceEvents: { name: string; pid: number; tid: number; tdur?: number; args?: { name?: string } }[];
  };
  const main = new Set(
    traceEvents
      .filter(({ name, args }) => name === 'thread_name' && args?.name === 'CrRendererMain')
      .map(({ pid, tid }) => `${pid} ${tid}`),
  );
  const tasks = traceEvents.filter(({ name, pid, tid }) => name.endsWith('RunTask') && main.has(`${pid} ${tid}`));
  return tasks
    .map(({ tdur = 0 }) => tdur / 1_000)
    .toSorted((a, b) => b - a)
    .slice(0, 5);
}

async function heapMiB(session: CDPSession): Promise<number> {
  await session.send('HeapProfiler.collectGarbage');
  const { usedSize } = await session.send('Runtime.getHeapUsage');
  return usedSize / 1_048_576;
}

async function measure(origin: string, url: string): Promise<void> {
  const browser = await launchChromium();
  const db = new pg.Client({ connectionString: url });
  await db.connect();
  try {
    const page = await browser.newPage({ viewport: { width: 1280, height: 900 } });
    await page.goto(`${origin}/dashboard/deliveries`);
    await page.getByLabel('API key').fill(benchKey);
    await page.getByRole('button', { name: 'Sign in' }).click();
    await page.getByRole('row').nth(20).waitFor();
    const session = await page.context().newCDPSession(page);
    const changing = change(db, performance.now() + warmUpMs + seconds * 1_000);
    await new Promise((resolve) => setTimeout(resolve, warmUpMs));
    const seen = await watch(page);
    const isTraced = seconds <= longestTraced;
    if (isTraced) await browser.startTracing(page, { categories: ['toplevel', 'disabled-by-default-devtools.timeline', '__metadata'] });
    const heaps = [await heapMiB(session)];
    const everyHeapMs = Math.max(10_000, (seconds * 1_000) / 30);
    for (let ms = everyHeapMs; ms < seconds * 1_000; ms += everyHeapMs) {
      await new Promise((resolve) => setTimeout(resolve, everyHeapMs));
      heaps.push(await heapMiB(session));
    }
    const { changes, last } = await changing;
    const longest = isTraced ? longestTasks(await browser.stopTracing()) : [];
    await page.locator(`[data-row="dlv_${last}"]`).waitFor();
    const { busy, frame, frames } = await seen();
    say(`${changes} changes in ${(warmUpMs / 1_000 + seconds).toFixed(0)} s; ${frames} frames, the longest ${frame.toFixed(0)} ms`);
    say(`busy for longer than ${limitMs} ms at once: ${busy.length} times${busy.length > 0 ? `, the longest ${longestOf(busy)} ms` : ''}`);
    say(`memory in use after collections, MiB: ${heaps.map((size) => size.toFixed(1)).join(' ')}`);
    if (isTraced) say(`longest tasks, ms of the page's own CPU: ${longest.map((ms) => ms.toFixed(1)).join(' ')}`);
    const most = Math.max(...heaps.slice(1));
    const isSlow = isTraced ? (longest[0] ?? 0) > limitMs : busy.length > 0;
    if (isSlow || most > (heaps[1] ?? most) * growthLimit) process.exitCode = 1;
  } finally {
    await db.end();
    await browser.close();
  }
}

execFileSync(process.execPath, [join(import.meta.dirname, '../bin/web.mjs')], { stdio: 'inherit' });
await withFilledStore({ rows: 1_000, days: 30 }, values.keep, async ({ url, startServer }) => {
  const { origin } = await startServer();
  await measure(origin, url);
});
