// Judges the answers of a conformance run. A receiver is judged only by what it shows: the status,
// the time of the answer and, where it sends one, the header posthorn-receipt.
import { adviceOf } from './advice.ts';
import type { CaseName, Control, Evidence, Probe, Verdict } from './conformance.ts';

type Judgement = Omit<Control, 'requests'>;

interface Finding {
  verdict: Verdict;
  says: string;
}

const fine: Finding = { verdict: 'passed', says: '' };

/** The most serious first: a case with one failed request fails. */
const bySeverity: readonly Verdict[] = ['failed', 'not_judged', 'warned', 'passed'];

/** Judges the requests of one case. At least one request. `maxAnswerMs`: only for `slow`. */
export function judge(name: CaseName | 'control', probes: readonly Probe[], maxAnswerMs: number): Judgement {
  const receipt = receiptFinding(name, probes);
  const isTimed = name === 'slow';
  const findings = [...probes.map((probe) => findingOn(probe, isTimed ? maxAnswerMs : null)), ...(receipt ? [receipt] : [])];
  const verdict = bySeverity.find((one) => findings.some((finding) => finding.verdict === one)) ?? 'not_judged';
  const said = [...new Set(findings.filter((finding) => finding.verdict === verdict).map(({ says }) => says))].filter(Boolean);
  const judgedBy: Evidence[] = ['status', ...(isTimed ? (['time'] as const) : []), ...(receipt ? (['receipt'] as const) : [])];
  const reason = said.length > 0 ? said.join('; ') : passedText(name, receipt !== null);
  return { verdict, judgedBy, reason, advice: verdict === 'passed' || verdict === 'not_judged' ? null : adviceOf(name) };
}

/** A case that cannot be judged at this endpoint. */
export function notJudged(reason: string): Judgement {
  return { verdict: 'not_judged', judgedBy: [], reason, advice: null };
}

/** Warned cases count half. 0 when nothing could be judged. */
export function scoreOf(all: readonly Verdict[]): number {
  const counted = all.filter((verdict) => verdict !== 'not_judged');
  const points = counted.reduce((sum, verdict) => sum + ({ passed: 1, warned: 0.5, failed: 0, not_judged: 0 } as const)[verdict], 0);
  return counted.length === 0 ? 0 : Math.round((100 * points) / counted.length);
}

function findingOn(probe: Probe, maxAnswerMs: number | null): Finding {
  const { what, outcome, status, message } = probe;
  if (outcome === 'not_sent') return { verdict: 'not_judged', says: `${what}: not sent (${message})` };
  if (status === 429 && maxAnswerMs === null) return { verdict: 'not_judged', says: `${what}: answered 429, too busy to judge it` };
  return probe.expected === 'refuse' ? refusalFinding(probe) : acceptanceFinding(probe, maxAnswerMs);
}

function refusalFinding({ what, outcome, status, message }: Probe): Finding {
  if (outcome === 'accepted') return { verdict: 'failed', says: `${what}: accepted with ${status}` };
  if (outcome === 'http_status' && status !== null && status < 500) return fine;
  if (status !== null) return { verdict: 'warned', says: `${what}: refused, but with ${status}` };
  return { verdict: 'warned', says: `${what}: refused without an answer (${message})` };
}

function acceptanceFinding({ what, outcome, status, message, tookMs }: Probe, maxAnswerMs: number | null): Finding {
  if (outcome !== 'accepted') {
    if (maxAnswerMs !== null && (status === 429 || status === 503)) return { verdict: 'warned', says: `${what}: answered ${status}` };
    return { verdict: 'failed', says: `${what}: ${status === null ? message : `answered ${status}`}` };
  }
  if (maxAnswerMs !== null && tookMs > maxAnswerMs)
    return { verdict: 'failed', says: `${what}: an answer took ${tookMs} ms, more than ${maxAnswerMs} ms` };
  return fine;
}

/** Null: an answer of the case has no receipt, or the case needs none. */
function receiptFinding(name: CaseName | 'control', probes: readonly Probe[]): Finding | null {
  if (name !== 'duplicate' || probes.some(({ receipt }) => receipt === null)) return null;
  const [, ...repeats] = probes;
  return repeats.every(({ receipt }) => receipt === 'duplicate')
    ? fine
    : { verdict: 'failed', says: 'a repeat of a webhook-id that was received before was not recognized as a duplicate' };
}

function passedText(name: CaseName | 'control', hasReceipt: boolean): string {
  if (name === 'duplicate' && !hasReceipt)
    return 'Duplicates were accepted. Whether they were processed only once cannot be seen from outside.';
  if (name === 'replay') return 'The replay was accepted. Whether to process it again is up to the receiver.';
  if (name === 'reorder')
    return 'An older event after a newer one was accepted. What the receiver does with it cannot be seen from outside.';
  return { control: 'A correct request was accepted.', slow: 'Every answer came in time.' }[name as string] ?? 'Answered as expected.';
}
