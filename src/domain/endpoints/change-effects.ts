// What a change of an endpoint's settings would do, in sentences for people. Pure: the caller passes the stored endpoint and
// what is known about its deliveries. Nothing here decides whether the change is valid.
import type { ChangeEffect, EffectFacts, EndpointChange, Setting, Tell } from './change-effect.ts';
import { contentEffects } from './content-effects.ts';
import type { Endpoint } from './endpoint.ts';
import { paceEffects } from './pace-effects.ts';
import { targetEffects } from './target-effects.ts';

type Tellers = { [S in Setting]: Tell<S> };

const tellers: Tellers = { ...targetEffects, ...contentEffects, ...paceEffects };

/** One for each setting that really changes, in the order of the schema. */
export function changeEffects(before: Endpoint, change: EndpointChange, facts: EffectFacts): ChangeEffect[] {
  const names = (Object.keys(change) as Setting[]).filter((name) => isChanged(before, change, name));
  return names.map((name) => {
    const tell = tellers[name] as Tell<Setting>;
    const told = tell((change[name] ?? null) as never, before, facts, change);
    return { path: name, effect: typeof told === 'string' ? told : told.caution, caution: typeof told !== 'string' };
  });
}

/** A masked value (`***`) that is sent back is no change. */
function isChanged(before: Endpoint, change: EndpointChange, name: Setting): boolean {
  if (change[name] === undefined) return false;
  const stored = name === 'verification' ? before.verification.method : before[name];
  return sorted(stored ?? null) !== sorted(change[name] ?? null);
}

/** JSON in which the order of keys makes no difference. */
function sorted(value: unknown): string {
  return JSON.stringify(value, (_, part: unknown) =>
    typeof part === 'object' && part !== null && !Array.isArray(part)
      ? Object.fromEntries(Object.entries(part).toSorted(([a], [b]) => (a < b ? -1 : 1)))
      : part,
  );
}
