// What a lane does now, as a table: the strongest reason comes first.
import { expect, it } from 'vitest';
import type { LaneEndpoint } from '#db/lanes/lane-endpoint';
import type { Circuit } from '#domain/lanes/circuit';
import { failedTooLong } from '#domain/lanes/lane';
import { judgeLane, type Seen } from '#lanes/verdict';

const endpoint: LaneEndpoint = {
  endpointId: 'ep_1',
  tenantId: 'tnt_1',
  sealed: Buffer.alloc(0),
  targetVersion: 1,
  format: 'standard',
  signing: null,
  timeoutMs: 15_000,
  maxInFlight: null,
  retry: null,
  gate: 'open',
  deleted: false,
  gateReason: null,
  retryAfterMs: 0,
  rateLimit: null,
  tenantRateLimit: null,
  ordering: 'none',
  orderedForMs: null,
  onDeadLetter: 'skip',
  batch: null,
  coalesceMs: null,
  autoRecover: true,
  lane: { parks: true, hurried: false, circuit: null, failingSinceMs: null },
  secrets: [],
};
const open = (probeAtMs: number): Circuit => ({ state: 'open', refusedProbes: 0, refusedSince: 0, accepted: [], probeAtMs });

interface Row extends Partial<Omit<Seen, 'endpoint'>> {
  endpoint?: Partial<LaneEndpoint>;
}
const table: [string, Row, object][] = [
  ['a delivery may go', {}, { kind: 'send', probe: false }],
  ['deleted', { endpoint: { deleted: true, gate: 'held' } }, { kind: 'gone' }],
  ['paused', { endpoint: { gate: 'held', retryAfterMs: 500 } }, { state: 'blocked', wait: 'paused', dueInMs: null }],
  [
    'disabled by hand or by 410',
    { endpoint: { gate: 'disabled' }, circuit: open(0) },
    { state: 'blocked', wait: 'disabled', dueInMs: null },
  ],
  [
    'disabled for failing, before its probe',
    { endpoint: { gate: 'disabled', gateReason: failedTooLong }, circuit: open(1_500) },
    { state: 'blocked', wait: 'disabled', dueInMs: 500 },
  ],
  [
    'disabled for failing, at its probe',
    { endpoint: { gate: 'disabled', gateReason: failedTooLong }, circuit: open(1_000) },
    { probe: true },
  ],
  [
    'disabled for failing, without autoRecover',
    { endpoint: { gate: 'disabled', gateReason: failedTooLong, autoRecover: false }, circuit: open(0) },
    { state: 'blocked', wait: 'disabled', dueInMs: null },
  ],
  ['Retry-After', { endpoint: { retryAfterMs: 9_000 }, circuit: open(0) }, { state: 'blocked', wait: 'retry_after', dueInMs: 9_000 }],
  ['Retry-After, with a retry-now', { endpoint: { retryAfterMs: 9_000 }, hurried: true }, { kind: 'send', probe: false }],
  ['paused, with a retry-now', { endpoint: { gate: 'held' }, hurried: true }, { state: 'blocked', wait: 'paused' }],
  [
    'ordered a short time ago',
    { endpoint: { ordering: 'key', orderedForMs: 8_000 } },
    { state: 'blocked', wait: 'ordering_cutover', dueInMs: 10_000 },
  ],
  ['ordered long enough', { endpoint: { ordering: 'key', orderedForMs: 18_000 } }, { kind: 'send' }],
  ['circuit open', { circuit: open(4_000) }, { state: 'blocked', wait: 'circuit_open', dueInMs: 3_000 }],
  ['a probe is due', { circuit: open(900) }, { kind: 'send', probe: true }],
  ['a probe is due and nothing waits', { circuit: open(900), canMove: false }, { state: 'idle', dueInMs: null }],
  [
    'blocked',
    { endpoint: { ordering: 'endpoint' }, canMove: false, blocked: true },
    { state: 'blocked', wait: 'blocked_by_dead_letter', dueInMs: 3_600_000 },
  ],
  [
    'the head is in backoff',
    { endpoint: { ordering: 'endpoint' }, canMove: false, nextInMs: 70_000 },
    { state: 'blocked', wait: 'head_in_backoff', dueInMs: 70_000 },
  ],
  [
    'every key waits',
    { endpoint: { ordering: 'key' }, canMove: false, nextInMs: 70_000 },
    { state: 'idle', wait: 'nothing_due', dueInMs: 70_000 },
  ],
  ['the rate limit allows the next in 1.9 seconds', { paceInMs: 1_900 }, { kind: 'send' }],
  ['the rate limit allows the next in ten seconds', { paceInMs: 10_000 }, { state: 'blocked', wait: 'rate', dueInMs: 10_000 }],
  ['nothing waits', { canMove: false }, { state: 'idle', wait: 'nothing_due', dueInMs: null }],
];

it.each(table)('%s', (_, row, expected) => {
  const seen: Seen = {
    circuit: { state: 'closed' },
    canMove: true,
    blocked: false,
    hurried: false,
    nextInMs: null,
    paceInMs: 0,
    nowMs: 1_000,
    ...row,
    endpoint: { ...endpoint, ...row.endpoint },
  };
  expect(judgeLane(seen)).toMatchObject(expected);
});
