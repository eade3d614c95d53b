// The scenarios of lanes: a rate limit, ordering, an outage, a noisy neighbour, fairness.
// Each one runs only if it is named.

import { fairness } from './lane-fairness.ts';
import { noisy } from './lane-noisy.ts';
import { orderRemarks } from './lane-order.ts';
import { outage } from './lane-outage.ts';
import type { Scenario } from './scenario.ts';

const rate = { perSecond: 20, burst: 5 };

export function laneScenarios({ quick }: { quick: boolean }): Scenario[] {
  const size = (full: number) => (quick ? Math.ceil(full / 5) : full);
  const plain = { roles: ['start'], endpoints: 1, query: '', byNameOnly: true } as const;
  const seconds = quick ? 12 : 60;
  const outageOf = (name: string, endpoint: object, keys?: number): Scenario => ({
    ...plain,
    name: `lane-outage-${name}`,
    events: size(30_000),
    query: '?mayFail',
    endpoint,
    keys,
    // there may be five minutes between two probes
    extraMs: 15 * 60_000,
    play: outage,
  });
  const noisyOf = (events: number): Scenario => ({
    ...plain,
    name: `lane-noisy-${events}`,
    events: 20 * seconds,
    ratePerSecond: 20,
    noise: { events, query: '?ms=10000' },
    play: noisy,
  });
  return [
    {
      ...plain,
      name: 'lane-rate',
      roles: ['server', 'worker', 'worker'],
      // slightly more than can be sent in the measured time
      events: (seconds + 5) * rate.perSecond,
      atOnce: 32,
      endpoint: { rateLimit: rate },
      remarks: (_stage, _prefix, { firstAt }) => rateRemarks(firstAt, seconds),
    },
    {
      ...plain,
      name: 'lane-ordered-keys',
      events: size(10_000),
      atOnce: 32,
      keys: 100,
      endpoint: { ordering: 'key' },
      remarks: orderRemarks,
    },
    {
      ...plain,
      name: 'lane-ordered-one',
      events: size(5_000),
      atOnce: 32,
      endpoint: { ordering: 'endpoint' },
      remarks: orderRemarks,
    },
    outageOf('plain', {}),
    outageOf('keys', { ordering: 'key' }, 100),
    noisyOf(2_000),
    noisyOf(20_000),
    // at most 320 a second, so that a backlog builds up
    { ...plain, name: 'lane-fairness', events: size(20_000), atOnce: 32, query: '?ms=100', play: fairness },
  ];
}

function rateRemarks(firstAt: Float64Array, seconds: number): string[] {
  const times = firstAt.toSorted();
  const begin = times[0] ?? 0;
  const count = times.filter((at) => at < begin + seconds * 1_000).length;
  let most = 0;
  for (let last = 0, first = 0; last < times.length; last++) {
    while ((times[first] ?? 0) <= (times[last] ?? 0) - 1_000) first++;
    most = Math.max(most, last - first + 1);
  }
  const due = seconds * rate.perSecond;
  return [
    `${count} in the first ${seconds} s (${due} allowed, burst ${rate.burst})`,
    `${most} in the fullest second (${rate.perSecond + rate.burst} allowed)`,
  ];
}
