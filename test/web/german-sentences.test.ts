// The portal's German sentences, written from codes and facts of the API: each says what the English one does. That no code lacks
// its words is checked by the compiler.
import type { Alert, AttemptDetails } from '@posthorn/client';
import { describe, expect, it } from 'vitest';
import { problemCodes } from '#api/http/problem-codes';
import { type AlertKind, alertKinds, audiences } from '#domain/alerts/alert';
import { alertText } from '#domain/alerts/alert-text';
import { adviceOf } from '#domain/conformance/advice';
import { caseNames } from '#domain/conformance/conformance';
import { type DeliveryStatus, deliveryStatuses } from '#domain/deliveries/delivery';
import { outcomes } from '#domain/deliveries/outcome';
import { adviceOn } from '#domain/deliveries/outcome-advice';
import { mismatches } from '#domain/events/matching';
import { showSignature } from '#domain/views/attempt-details';
import { explain } from '#domain/views/explain';
import { type ExplainedDelivery, type Explanation, explanationCodes, type Facts } from '#domain/views/explanation';
import { heldBy } from '#domain/views/held-by';
import { messageOf } from '#outbound/message';
import { de } from '../../web/src/words/de.ts';
import { alertInGerman } from '../../web/src/words/german/alerts.ts';
import { caseAdviceInGerman, passedInGerman } from '../../web/src/words/german/conformance.ts';
import { explainedAdviceInGerman, messageInGerman } from '../../web/src/words/german/explanation.ts';
import { adviceInGerman, endingInGerman } from '../../web/src/words/german/outcomes.ts';
import { signatureInGerman } from '../../web/src/words/german/signature.ts';

const at = (minute: number) => new Date(Date.UTC(2026, 2, 2, 9, minute));
const now = at(30);
const refused = 'HTTP 503 from hooks.example.com, 41 ms';

const delivery = (status: DeliveryStatus, more: Partial<ExplainedDelivery> = {}): ExplainedDelivery => ({
  ...{ id: 'dlv_1', status, round: 1, attempts: 3, nextAttemptAt: null, lastOutcome: 'http_status', lastMessage: refused },
  ...{ updatedAt: at(20), takenAt: null, coalesced: false, ...more },
});

type Changes = Partial<Omit<Facts, 'event' | 'endpoint'>> & { event?: Partial<Facts['event']>; endpoint?: Partial<Facts['endpoint']> };

function told({ event, endpoint, ...more }: Changes): Explanation {
  const holding = {
    ...{ gate: 'open' as const, gateReason: null, notBefore: null, waitingFor: null, laneReason: null },
    ...{ hasRateLimit: false, isOrdered: false, isBatched: false, coalesces: false },
  };
  return explain({
    event: { recalledAt: null, erasedAt: null, expiresAt: null, ...event },
    endpoint: { endpointId: 'ep_1', host: 'h', deletedAt: null, gateThen: 'open', gateReasonThen: null, holding, ...endpoint },
    ...{ mismatch: null, delivery: null, cancelledBy: null, now, ...more },
  });
}

const cancelled = (more: Changes) => told({ delivery: delivery('cancelled'), ...more });

const explanations = [
  ...deliveryStatuses.map((status) =>
    told({ delivery: delivery(status, status === 'quarantined' ? { lastMessage: 'the egress proxy does not respond' } : {}) }),
  ),
  ...mismatches.map((mismatch) => told({ mismatch })),
  ...heldBy.map((by) => ({ ...told({ delivery: delivery('held', { nextAttemptAt: at(40) }) }), heldBy: by })),
  told({}),
  told({ mismatch: 'filter_not_matched', event: { erasedAt: at(10) } }),
  told({ delivery: delivery('pending', { nextAttemptAt: at(40), round: 2 }) }),
  told({ delivery: delivery('retrying', { nextAttemptAt: at(40) }) }),
  told({ delivery: delivery('succeeded', { lastOutcome: 'accepted', lastMessage: 'HTTP 204 from h, 3 ms', takenAt: at(25) }) }),
  told({ delivery: delivery('succeeded', { round: 2 }), endpoint: { gateThen: 'held', gateReasonThen: 'unverified' } }),
  told({ delivery: delivery('dead_lettered', { attempts: 1, lastOutcome: 'dns', lastMessage: 'h cannot be resolved (ENOTFOUND)' }) }),
  told({ delivery: delivery('expired', { attempts: 0, lastOutcome: null, lastMessage: null }), event: { expiresAt: at(15) } }),
  cancelled({ cancelledBy: { actor: { kind: 'api_key', id: 'key_1' }, at: at(20).toISOString() } }),
  cancelled({ delivery: delivery('cancelled', { coalesced: true }) }),
  cancelled({ event: { recalledAt: at(19) } }),
  cancelled({ event: { erasedAt: at(19) } }),
  cancelled({ endpoint: { deletedAt: at(19) } }),
];

/** What must be the same in both languages: times, statuses of answers, ids. */
const facts = (text: string) => [...text.matchAll(/\d{4}-\d\d-\d\dT[\d:.]+Z|HTTP \d{3}|key_\w+/g)].map(([fact]) => fact).sort();

function expectTranslated(german: string | null, english: string): void {
  expect(german).toMatch(/[a-zäöü]/);
  expect(german).not.toMatch(/undefined|null|NaN|unbekannt/);
  expect(german).not.toBe(english);
  expect(facts(german ?? '')).toEqual(facts(english));
}

describe('an explanation', () => {
  it('has a case here for each code', () => {
    expect(new Set(explanations.map(({ code }) => code))).toEqual(new Set(explanationCodes));
  });

  it.each(explanations.map((one) => [`${one.code}: ${one.message}`, one] as const))('%s', (_, one) => {
    expectTranslated(messageInGerman(one), one.message);
    const advice = explainedAdviceInGerman(one);
    if (one.advice !== null) expectTranslated(advice, one.advice);
  });

  it('of a newer server has no words', () => {
    expect(messageInGerman({ ...told({}), code: 'teleported' as never })).toBeNull();
  });
});

it('the status of an answer is read back from each message that has one', () => {
  const response = { statusCode: 503, headers: [], bodyStart: new Uint8Array(), bodyTruncated: false };
  const of = (outcome: 'redirect' | 'timeout', answered: boolean) =>
    messageOf({
      ...{ outcome, host: 'h', response: answered ? response : null, hasHeaders: answered, address: null, totalMs: 4, timeoutMs: 15_000 },
      ...{ error: null, code: 'POSTHORN_DEADLINE', reconnected: true },
    });
  const statusOf = (lastMessage: string) => told({ delivery: delivery('retrying', { lastMessage }) }).facts.lastStatus;
  expect([of('redirect', true), of('timeout', false)].map(statusOf)).toEqual([503, null]);
});

it.each(outcomes)('the outcome %s', (outcome) => {
  expect(endingInGerman(outcome, 503)).toMatch(adviceOn(outcome) === null || outcome === 'http_status' ? /^HTTP 503$/ : /[a-zäöü]{4}/);
  expect(adviceInGerman(outcome) === null).toBe(adviceOn(outcome) === null);
});

describe('an alert', () => {
  const common = {
    host: 'hooks.example.com',
    description: 'Orders',
    since: at(1).toISOString(),
    disabledAt: at(59).toISOString(),
    expiresAt: at(59).toISOString(),
  };
  const numbers = { percent: 50, minutes: 5, now: 17, usual: 23, p95Ms: 4_000, timeoutMs: 15_000, days: 7 };
  const stored = {
    ...common,
    ...numbers,
    prefix: 'phk_31',
    name: 'billing',
    message: refused,
    outcome: 'http_status',
    status: 503,
    reason: 'failed for too long',
  };
  const alertOf = (kind: AlertKind): Alert => ({
    ...{ id: 'alr_1', kind, severity: 'warning', state: 'open', tenant: 'acme', endpoint: 'ep_1', facts: stored, count: 4 },
    ...{ openedAt: at(1).toISOString(), closedAt: null, acknowledgedAt: null, ...alertText(kind, stored, 4) },
  });

  it.each(alertKinds.filter((kind) => audiences[kind] === 'owner'))('%s', (kind) => {
    const alert = alertOf(kind);
    const german = alertInGerman(alert);
    expectTranslated(german?.title ?? null, alert.title);
    expectTranslated(german?.detail ?? null, alert.detail);
    const digits = (text: string) => text.replace(', 41 ms', '').match(/\d+ (%|ms|Tag|day)/g)?.length ?? 0;
    expect(digits(german?.detail ?? '')).toBe(digits(alert.detail));
    if (kind === 'key.expiring') return;
    for (const title of [german?.title, alert.title]) expect(title).toContain('Orders (hooks.example.com)');
  });

  it('about half a minute says so', () => {
    const facts = { ...common, now: 3, usual: 60, seconds: 30 };
    const german = alertInGerman({ ...alertOf('endpoint.volume'), facts });
    expect(german?.title).toBe('Orders (hooks.example.com) bekommt weniger Zustellungen als üblich');
    expect(german?.detail).toMatch(/^3 Zustellungen in den letzten 30 Sekunden; üblich sind 60\./);
  });

  it('for operators has no words: they read the dashboard', () => {
    const operators = alertKinds.filter((kind) => audiences[kind] === 'operator');
    expect(operators.map((kind) => alertInGerman(alertOf(kind)))).toEqual(operators.map(() => null));
  });
});

it.each([...caseNames, 'control' as const])('the conformance case %s', (name) => {
  expectTranslated(caseAdviceInGerman(name), adviceOf(name));
  expectTranslated(passedInGerman(name, { verdict: 'passed', judgedBy: [] }), 'Answered as expected.');
  expect(passedInGerman(name, { verdict: 'failed', judgedBy: [] })).toBeNull();
});

it.each([
  { verdict: 'valid' },
  { verdict: 'no_match' },
  { verdict: 'rotated', endsAt: at(59) },
  { verdict: 'rotated', endsAt: null },
  ...(['no_body', 'no_request', 'other_settings'] as const).map((why) => ({ verdict: 'not_checked', why }) as const),
] as const)('a signature: %j', (given) => {
  const signature: AttemptDetails['signature'] = showSignature(given, now);
  expectTranslated(signatureInGerman(signature), signature.message);
});

it('a refusal has words for each code, or the sentence of the API says more', () => {
  expect(Object.keys(de.problems).sort()).toEqual([...problemCodes].sort());
});
