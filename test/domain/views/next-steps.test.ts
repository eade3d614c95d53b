// The planned attempts of a delivery, and the commands that it would obey.
import { describe, expect, it } from 'vitest';
import { deliveryStatuses, obeyedIn } from '#domain/deliveries/delivery';
import { type NextFacts, nextSteps } from '#domain/views/next-steps';

const now = new Date('2026-03-02T10:00:00Z');
const inMinutes = (minutes: number) => new Date(now.getTime() + minutes * 60_000);
const facts: NextFacts = {
  status: 'retrying',
  attempts: 1,
  nextAttemptAt: inMinutes(2),
  expiresAt: null,
  retry: { schedule: ['1m', '10m', '100m'] },
  timeoutMs: 15_000,
  gate: 'open',
  gateReason: null,
  isBlocked: false,
  endpointDeleted: false,
  eventErased: false,
  eventRecalled: false,
  now,
};
const nextOf = (more: Partial<NextFacts> = {}) => nextSteps({ ...facts, ...more }).next;
const reasons = (more: Partial<NextFacts>) =>
  new Map(nextSteps({ ...facts, ...more }).commands.map(({ command, reason }) => [command, reason]));

describe('the attempts that follow', () => {
  it('begin with the next one, and spread with the jitter and the timeouts before them', () => {
    expect(nextOf()).toEqual({
      attempts: [
        { number: 2, earliestAt: inMinutes(2).toISOString(), latestAt: inMinutes(2).toISOString() },
        { number: 3, earliestAt: inMinutes(11).toISOString(), latestAt: inMinutes(13.25).toISOString() },
        { number: 4, earliestAt: inMinutes(101).toISOString(), latestAt: inMinutes(123.5).toISOString() },
      ],
      attemptsLeft: 3,
      endsAt: inMinutes(123.75).toISOString(),
    });
  });

  it('are those before the event expires', () => {
    expect(nextOf({ expiresAt: inMinutes(20) })).toMatchObject({
      attempts: [{ number: 2 }, { number: 3 }],
      attemptsLeft: 3,
      endsAt: inMinutes(20).toISOString(),
    });
  });

  it('have no time while the endpoint is paused, and are none after the end', () => {
    expect(nextOf({ status: 'held', nextAttemptAt: null })).toEqual({ attempts: [], attemptsLeft: 3, endsAt: null });
    expect(nextOf({ status: 'dead_lettered', nextAttemptAt: null })).toEqual({ attempts: [], attemptsLeft: 0, endsAt: null });
  });

  it('of a late delivery begin now', () => {
    expect(nextOf({ nextAttemptAt: inMinutes(-3) }).attempts[0]?.earliestAt).toBe(now.toISOString());
  });
});

describe('the commands', () => {
  it('are allowed in the statuses that obey them', () => {
    for (const status of deliveryStatuses) {
      const { commands } = nextSteps({ ...facts, status });
      for (const { command, allowed, reason } of commands) {
        expect([status, command, allowed]).toEqual([status, command, obeyedIn[command].includes(status)]);
        expect(allowed).toBe(reason === null);
      }
    }
  });

  it('that cannot be obeyed say why', () => {
    expect(reasons({ gate: 'held' }).get('retry-now')).toBe('The endpoint is paused. Resume it first.');
    expect(reasons({ gate: 'held', gateReason: 'unverified' }).get('retry-now')).toMatch(/not verified/);
    expect(reasons({ gate: 'disabled' }).get('retry-now')).toMatch(/disabled/);
    expect(reasons({ status: 'held', isBlocked: true }).get('retry-now')).toMatch(/dead letter blocks/);
    expect(reasons({ status: 'succeeded', eventErased: true }).get('replay')).toMatch(/erased/);
    expect(reasons({ status: 'succeeded', eventRecalled: true }).get('replay')).toMatch(/recalled/);
    expect(reasons({ status: 'succeeded', endpointDeleted: true }).get('replay')).toMatch(/deleted/);
  });
});
