// Runs the conformance cases against one receiver, one after the other, within a fixed time. Called
// by the API and by the command line. Writes nothing: safe to repeat.
import { type CaseName, type ConformanceCase, type ConformanceReport, type Probe, usualMaxAnswerMs } from '#domain/conformance/conformance';
import { judge, notJudged, scoreOf } from '#domain/conformance/judge';
import type { Sender } from '#outbound/send';
import { type CaseContext, casesOf, type KnownEvent, known } from './cases.ts';
import { exchange, type Sending } from './exchange.ts';
import type { ConformanceTarget } from './target.ts';

export interface ConformanceWish {
  event: KnownEvent;
  /** Absent: all of them. */
  cases?: readonly CaseName[] | undefined;
  /** Absent: `usualMaxAnswerMs`. */
  maxAnswerMs?: number | undefined;
}

/** A run takes at most so long; cases that it does not reach are not judged. */
const longestRunMs = 60_000;

export async function runConformance(
  sender: Pick<Sender, 'send'>,
  target: ConformanceTarget,
  { event, cases, maxAnswerMs = usualMaxAnswerMs }: ConformanceWish,
  withinMs = longestRunMs,
): Promise<ConformanceReport> {
  const startedAt = new Date();
  const deps = { sender, signal: AbortSignal.timeout(withinMs) };
  const send = async (...sendings: Sending[]) => {
    const probes: Probe[] = [];
    for (const together of inGroups(sendings, target.mostAtOnce))
      probes.push(...(await Promise.all(together.map((one) => exchange(deps, target, one)))));
    return probes;
  };
  const context: CaseContext = { target, event, send };
  const first = await send({ what: 'a correct request', expected: 'accept', message: known(context) });
  const control = { ...judge('control', first, maxAnswerMs), requests: first };
  const judged: ConformanceCase[] = [];
  for (const one of casesOf(cases)) {
    const why =
      control.verdict === 'passed'
        ? (one.unfit?.(context) ?? (deps.signal.aborted ? 'The time of the run was over.' : null))
        : 'The correct request was not accepted, so the other answers say nothing.';
    const requests: Probe[] = why === null ? await one.run(context) : [];
    judged.push({ case: one.name, ...(why === null ? judge(one.name, requests, maxAnswerMs) : notJudged(why)), requests });
  }
  const all = judged.map(({ verdict }) => verdict);
  return {
    endpoint: target.endpointId,
    passed: control.verdict === 'passed' && !all.includes('failed'),
    score: control.verdict === 'passed' ? scoreOf(all) : 0,
    eventType: event.type,
    control,
    cases: judged,
    startedAt: startedAt.toISOString(),
    tookMs: Date.now() - startedAt.getTime(),
  };
}

function inGroups<T>(items: readonly T[], size: number): T[][] {
  return Array.from({ length: Math.ceil(items.length / size) }, (_, index) => items.slice(index * size, (index + 1) * size));
}
