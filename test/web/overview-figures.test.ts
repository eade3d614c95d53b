// What the overview and the catalogue compute in the page, without a browser.
import type { Alert, Stats } from '@posthorn/client';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { heldLine, perMinute, rateOf } from '../../web/src/dashboard/overview/figures.ts';
import { verdictOf } from '../../web/src/dashboard/overview/verdict.ts';
import { lineDiff } from '../../web/src/parts/line-diff.ts';
import { pathOf } from '../../web/src/parts/spark-path.ts';

const alert = (severity: Alert['severity'], title: string, openedAt = '2026-01-01T00:00:00Z') => ({ severity, title, openedAt }) as Alert;

describe('the first sentence', () => {
  it('names the most severe alert first, then the oldest', () => {
    const warning = alert('warning', 'a.test is slow');
    expect(verdictOf([], [])).toEqual({ tone: 'good', text: 'All is well.' });
    expect(verdictOf([warning], [])).toEqual({ tone: 'warning', text: 'a.test is slow.' });
    const critical = [alert('critical', 'later', '2026-01-02T00:00:00Z'), alert('critical', 'No worker is running')];
    expect(verdictOf([warning, ...critical], [])).toEqual({ tone: 'bad', text: 'No worker is running, and 2 more.' });
  });

  it('is not spoilt by notices, and knows of a missing worker before an alert opens', () => {
    expect(verdictOf([alert('info', 'a secret ends')], [])).toEqual({ tone: 'good', text: 'All is well. 1 notice.' });
    const missing = { code: 'no_worker', message: 'No worker runs.' } as const;
    expect(verdictOf([alert('critical', 'x')], [missing])).toEqual({ tone: 'bad', text: 'No worker runs.' });
  });
});

describe('the figures', () => {
  const steps = [30, 60, 90].map((delivered, index) => ({ delivered, failed: 0, accepted: 0, held: index === 0 ? null : index }));
  const stats = { totals: { delivered: 180 }, series: steps } as unknown as Stats;

  it('are rates of the last step that is over', () => {
    const rate = rateOf(stats, '24h', ({ delivered }) => delivered);
    expect(rate).toEqual({ now: 4, total: 180, line: [2, 4] });
    expect(heldLine(stats)).toEqual([null, 1, 2]);
    expect([0, 0.033, 4.25, 3_120.4].map((value) => perMinute(value, 'en'))).toEqual(['0', '0.03', '4.3', '3,120']);
  });

  it('have a line with gaps where nothing is known', () => {
    expect(pathOf([0, 2, null, 1])).toBe('M0 24L33.3 0M100 12');
    expect(pathOf([])).toBe('');
    expect(pathOf([0, 0])).toBe('M0 24L100 24');
  });
});

describe('the difference of two texts', () => {
  it('leads from the one to the other, whatever they are', () => {
    const text = fc.array(fc.constantFrom('a', 'b', 'c', '}'), { maxLength: 12 }).map((lines) => lines.join('\n'));
    fc.assert(
      fc.property(text, text, (before, after) => {
        const lines = lineDiff(before, after);
        const without = (kind: string) => lines.flatMap((line) => (line.kind === kind ? [] : [line.text])).join('\n');
        expect([without('added'), without('removed')]).toEqual([before, after]);
      }),
    );
  });

  it('is small where little changed', () => {
    const before = '{\n  "a": 1,\n  "b": 2\n}';
    expect(lineDiff(before, before.replace('1', '3')).map(({ kind }) => kind)).toEqual(['same', 'removed', 'added', 'same', 'same']);
  });
});
