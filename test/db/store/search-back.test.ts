// A search that goes back day by day reads each day once, stops in time, and says where it stopped.
import { expect, it } from 'vitest';
import { type Span, searchBack } from '#db/store/search-back';
import { firstUuidAt } from '#domain/ids';

const dayMs = 86_400_000;
const now = Date.UTC(2026, 10, 30, 8);
const whole: Span = { from: '0'.repeat(32), below: firstUuidAt(now) };
const forever = Number.POSITIVE_INFINITY;

/** Stored at these days before now. Notes which spans were read. */
function stored(...daysAgo: number[]) {
  const ids = daysAgo
    .map((ago) => firstUuidAt(now - ago * dayMs - 1))
    .toSorted()
    .reverse();
  const spans: Span[] = [];
  const find = async (span: Span, limit: number) => {
    spans.push(span);
    return ids.filter((id) => id >= span.from && id < span.below).slice(0, limit);
  };
  return { ids, spans, find };
}

it('finds all, newest first, in spans that follow each other without a gap', async () => {
  const { ids, spans, find } = stored(0, 0.5, 3, 40, 40.5, 400);
  expect(await searchBack(find, whole, 10, forever)).toEqual({ ids, goesOn: null });
  expect(spans[0]?.below).toBe(whole.below);
  expect(spans.at(-1)?.from).toBe(whole.from);
  for (const [index, { below }] of spans.entries()) if (index > 0) expect(below).toBe(spans[index - 1]?.from);
  // each ends at a midnight, so that it reads whole days
  for (const { from } of spans.slice(0, -1)) expect(Number.parseInt(from.slice(0, 12), 16) % dayMs).toBe(0);
  expect(spans.length).toBeLessThan(12);
});

it('reads no further than the page needs', async () => {
  const { ids, spans, find } = stored(0, 0.1, 30);
  expect(await searchBack(find, whole, 2, forever)).toEqual({ ids: ids.slice(0, 2), goesOn: null });
  expect(spans).toHaveLength(1);
});

it('stops after the deadline, and goes on from there', async () => {
  const { ids, find } = stored(0.1, 50);
  const found: string[] = [];
  let pages = 0;
  for (let below: string | null = whole.below; below !== null; pages++) {
    const page = await searchBack(find, { ...whole, below }, 10, 0);
    found.push(...page.ids);
    below = page.goesOn;
    if (pages > 200) break;
  }
  expect(found).toEqual(ids);
  expect(pages).toBeGreaterThan(40);
}, 10_000);

it('stays within its span', async () => {
  const { ids, find } = stored(0.1, 1, 2, 3, 4);
  const span = { from: ids[3] ?? '', below: ids[1] ?? '' };
  expect(await searchBack(find, span, 10, forever)).toEqual({ ids: ids.slice(2, 4), goesOn: null });
});
