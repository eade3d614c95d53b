import { expect, it } from 'vitest';
import * as contract from '#contract/workflow-contract';
import { checkTimings, type Timings, usualTimings } from '#domain/timings';

it('the usual times agree with each other', () => {
  expect(checkTimings(usualTimings)).toBe(usualTimings);
  const { attempt, drain, replay } = usualTimings.heartbeat;
  expect({ attempt: attempt.timeoutMs, drain: drain.timeoutMs, replay: replay.timeoutMs }).toEqual(contract.heartbeatTimeoutsMs);
});

const { relay, sweep, lanes, stall, heartbeat, temporal, shutdown, replays } = usualTimings;
const contradictions: [reason: string, change: Partial<Timings>][] = [
  ['one lost renewal must not fence a relay', { relay: { ...relay, renewEveryMs: relay.fencedAfterMs / 2 } }],
  ['a relay must be fenced before its rows are taken over', { relay: { ...relay, fencedAfterMs: relay.expiresAfterMs } }],
  ['a relay with an unstable connection must not take rows', { relay: { ...relay, steadyAfterMs: relay.expiresAfterMs - 1 } }],
  ['a drain must renew its lease before it expires', { lanes: { ...lanes, leaseMs: lanes.lookEveryMs + lanes.rowsFreshForMs } }],
  ['a drain must stop sending before the next one begins', { lanes: { ...lanes, leaseMs: lanes.takeoverMs } }],
  ['one late list must not stop first attempts', { lanes: { ...lanes, listEveryMs: lanes.listFreshForMs / 2 } }],
  ['old lists must have expired when an ordered lane begins', { relay: { ...relay, endpointsFreshForMs: lanes.unawareMs + 1 } }],
  ['short backoffs must be parked when an ordered lane begins', { lanes: { ...lanes, minCutoverMs: lanes.unawareMs + 4_999 } }],
  ['a drain that works must not count as overdue', { sweep: { ...sweep, laneOverdueAfterMs: lanes.saveEveryMs } }],
  ['a start in progress must not count as overdue', { sweep: { ...sweep, dispatchOverdueAfterMs: temporal.callTimeoutMs } }],
  ['a retry by Temporal must come before the sweep', { sweep: { ...sweep, deliveryOverdueAfterMs: heartbeat.attempt.timeoutMs } }],
  ['one late heartbeat must not repeat a request or a drain', { heartbeat: { ...heartbeat, throttleMs: 5_000 } }],
  [
    'one late heartbeat must not repeat a request or a drain',
    { heartbeat: { ...heartbeat, drain: { everyMs: 15_000, timeoutMs: 30_000 } } },
  ],
  [
    'a stall must be noticed before a takeover by Temporal',
    { stall: { ...stall, afterMs: heartbeat.attempt.timeoutMs - heartbeat.attempt.everyMs } },
  ],
  ['a stall must be noticed before a takeover by a relay', { stall: { ...stall, afterMs: relay.expiresAfterMs - relay.renewEveryMs } }],
  ['a page must be made before the one before is used up', { replays: { ...replays, pageEveryMs: replays.aheadMs } }],
  ['a stall must be noticed before a takeover by a drain', { stall: { ...stall, afterMs: lanes.takeoverMs } }],
  ['a stopping process must finish its requests', { shutdown: { ...shutdown, graceMs: 30_000 } }],
  ['the Temporal workers must outlast the grace', { shutdown: { ...shutdown, forceMs: shutdown.graceMs } }],
];

it.each(contradictions)('%s', (reason, change) => {
  expect(() => checkTimings({ ...usualTimings, ...change })).toThrow(reason);
});
