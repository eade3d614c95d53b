// The budget of workflows for everything that is no new event, the shares of tenants, and how it closes when Temporal is slow.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createModeSwitch } from '#domain/events/dispatch-mode';
import { StartTimes } from '#domain/events/start-times';
import { TenantShares } from '#domain/events/tenant-shares';

const start = 1_800_000_000_000;
const open = (perSecond = 20, burst = 10) => createModeSwitch('adaptive', { perSecond, burst });
/** How many of `times` asks are granted. */
const granted = (times: number, ask: () => boolean) => Array.from({ length: times }, ask).filter(Boolean).length;

describe('work beside events', () => {
  it('gets half of the burst, so that an event still finds room', () => {
    const modes = open();
    expect(granted(20, () => modes.take('a', start))).toBe(5);
    expect(modes.choose(1, start, 'b')).toBe('individual');
  });

  it('is refused in batched mode, and while Temporal is away', () => {
    const modes = open();
    modes.setTemporalAway(true);
    expect(modes.take('a', start)).toBe(false);
    expect(modes.takeLater('a', start)).toBe(false);
    modes.setTemporalAway(false);
    modes.addLoad(100, start);
    expect(modes.take('a', start)).toBe(false);
    expect(modes.take('a', start + 2_000)).toBe(true);
  });

  it('that can wait gets a quarter of the budget, in batched mode too', () => {
    const modes = open();
    let later = 0;
    for (let ms = 0; ms < 20_000; ms += 10) {
      modes.addLoad(5, start + ms);
      if (modes.takeLater('a', start + ms)) later++;
    }
    expect(later).toBe(20 * 5 + 5 - 1);
  });

  it('makes events go ahead without their workflows, but does not make the mode batched', () => {
    const modes = open(20, 4);
    for (let n = 0; n < 5; n++) modes.takeLater('a', start);
    expect(modes.choose(1, start, 'b')).toBe('batched');
    expect(modes.mode(start)).toBe('individual');
    expect(modes.choose(1, start + 1_000, 'b')).toBe('individual');
  });

  it('never gets more than the budget allows', () => {
    const asks = fc.array(fc.record({ gap: fc.integer({ min: 0, max: 200 }), kind: fc.constantFrom('now', 'later', 'event') }), {
      maxLength: 200,
    });
    fc.assert(
      fc.property(asks, (all) => {
        const modes = open();
        let at = start;
        let got = 0;
        for (const { gap, kind } of all) {
          at += gap;
          const isGranted =
            kind === 'now' ? modes.take('a', at) : kind === 'later' ? modes.takeLater('a', at) : modes.choose(1, at, 'b') === 'individual';
          if (isGranted) got++;
        }
        // the burst, that of what can wait, and the rate
        expect(got).toBeLessThanOrEqual(20 + 5 + ((at - start) * 25) / 1_000);
      }),
    );
  });

  it('is granted always if individual mode is set', () => {
    const modes = createModeSwitch('individual');
    expect(granted(1_000, () => modes.take('a', start) && modes.takeLater('a', start))).toBe(1_000);
  });
});

describe('the share of a tenant', () => {
  it('is everything while no other tenant asks', () => {
    const shares = new TenantShares(20);
    shares.draw('a', 500);
    expect(shares.mayDraw('a', 1, 0)).toBe(true);
  });

  it('is half of ten seconds once another asks, whether that one got something or not', () => {
    const shares = new TenantShares(20);
    expect(shares.mayDraw('a', 100, 0)).toBe(true);
    shares.draw('a', 100);
    expect(shares.mayDraw('b', 1, 1)).toBe(true);
    expect(shares.mayDraw('a', 1, 2)).toBe(false);
    expect(shares.mayDraw('b', 100, 3)).toBe(true);
  });

  it('counts draws for 5 to 10 s', () => {
    const shares = new TenantShares(20);
    shares.mayDraw('a', 100, 0);
    shares.draw('a', 100);
    for (const at of [0, 4_999, 5_000, 9_999]) {
      shares.mayDraw('b', 1, at);
      expect(shares.mayDraw('a', 1, at)).toBe(false);
    }
    shares.mayDraw('b', 1, 10_000);
    expect(shares.mayDraw('a', 1, 10_000)).toBe(true);
  });

  it('does not matter below half: a busy tenant in a quiet Posthorn is not slowed', () => {
    const modes = open(24, 12);
    for (let ms = 0; ms < 60_000; ms += 100) {
      expect(modes.choose(1, start + ms, 'busy')).toBe('individual');
      if (ms % 1_000 === 0) expect(modes.choose(1, start + ms, 'quiet')).toBe('individual');
    }
  });
});

describe('a slow Temporal', () => {
  it('closes the budget until starts have been quick for 2 s', () => {
    const modes = open();
    for (let n = 0; n < 3; n++) modes.noteStart(400, start);
    expect(modes.take('a', start)).toBe(false);
    expect(modes.choose(1, start, 'a')).toBe('batched');
    expect(modes.take('a', start + 1_999)).toBe(false);
    expect(modes.take('a', start + 2_000)).toBe(true);
  });

  it('does not close it because of one slow start', () => {
    const times = new StartTimes();
    times.noteCall(500, start);
    expect(times.isSlow(start)).toBe(false);
  });

  it('keeps it closed while starts take more than half of the limit', () => {
    const times = new StartTimes();
    for (let n = 0; n < 10; n++) times.noteCall(400, start);
    for (let ms = 0; ms < 10_000; ms += 500) times.noteCall(100, start + ms);
    expect(times.isSlow(start + 10_000)).toBe(true);
    for (let ms = 10_000; ms < 20_000; ms += 500) times.noteCall(20, start + ms);
    expect(times.isSlow(start + 20_000)).toBe(false);
  });

  it('shows in the waits of activities, whatever the clocks say', () => {
    const times = new StartTimes();
    for (let ms = 0; ms < 130_000; ms += 1_000) times.noteWait(-3_600_000 + 20, start + ms);
    expect(times.isSlow(start + 130_000)).toBe(false);
    for (let n = 0; n < 10; n++) times.noteWait(-3_600_000 + 2_000, start + 130_000);
    expect(times.isSlow(start + 130_000)).toBe(true);
  });
});
