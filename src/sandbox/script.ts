// Parses a sandbox script: one step for each attempt of an event. The last step repeats.
import { duration, durationMs } from '#domain/deliveries/retry-schedule';

export const longestStepMs = 60_000;
const maxLength = 4_000;
const maxSteps = 100;

export interface StatusStep {
  kind: 'status';
  status: number;
  /** Sent as a number of seconds, or as the HTTP date that many seconds from now. */
  retryAfter?: { seconds: number; as: 'seconds' | 'date' };
  delayMs: number;
  body: string;
}
/**
 * reset: resets the connection. drip: sends one byte per second. endless: sends bytes as fast as the client reads,
 * within a rate limit.
 */
export type Step = StatusStep | { kind: 'reset' } | { kind: 'drip' } | { kind: 'endless' };

const always200: StatusStep = { kind: 'status', status: 200, delayMs: 0, body: '' };

/**
 * Grammar:
 *
 *   script = step *( "," step )
 *   step   = STATUS *( ";" option ) / "reset" / "drip" / "endless"
 *   option = "retry-after=" SECONDS / "retry-after-date=" SECONDS-FROM-NOW / "delay=" DURATION / "body=" TEXT
 *
 * A comma, semicolon or percent sign inside TEXT is percent-encoded (once more, in a URL).
 * Returns at least one step, or a problem that names the faulty step.
 * @example parseScript('503;retry-after=7,200') // two steps
 */
export function parseScript(script: string): { steps: Step[] } | { problem: string } {
  if (script.trim() === '') return { steps: [always200] };
  if (script.length > maxLength) return { problem: `is longer than ${maxLength} characters` };
  const texts = script.split(',').map((text) => text.trim());
  if (texts.length > maxSteps) return { problem: `has more than ${maxSteps} steps` };
  const steps: Step[] = [];
  for (const [index, text] of texts.entries()) {
    const step = parseStep(text);
    if (typeof step === 'string') return { problem: `step ${index + 1} (${JSON.stringify(text)}): ${step}` };
    steps.push(step);
  }
  return { steps };
}

/** The step for this attempt, counted from 1. */
export function stepFor(steps: readonly Step[], attempt: number): Step {
  return steps[Math.min(attempt, steps.length) - 1] ?? always200;
}

function parseStep(text: string): Step | string {
  if (text === 'reset' || text === 'drip' || text === 'endless') return { kind: text };
  const [status = '', ...options] = text.split(';').map((part) => part.trim());
  if (!/^[2-5]\d\d$/.test(status)) return 'must be a status from 200 to 599, or reset, drip or endless';
  const step: StatusStep = { ...always200, status: Number(status) };
  const seen = new Set<string>();
  for (const option of options) {
    const [, name = option, value = ''] = /^([a-z-]+)=(.*)$/s.exec(option) ?? [];
    if (seen.has(name)) return `duplicate option ${name}`;
    seen.add(name);
    const problem = applyOption(step, name, value);
    if (problem) return problem;
  }
  if (seen.has('retry-after') && seen.has('retry-after-date')) return 'retry-after and retry-after-date cannot be combined';
  return step;
}

function applyOption(step: StatusStep, name: string, value: string): string | undefined {
  switch (name) {
    case 'retry-after':
    case 'retry-after-date':
      if (!/^\d{1,9}$/.test(value)) return `${name} must be a whole number of seconds`;
      step.retryAfter = { seconds: Number(value), as: name === 'retry-after' ? 'seconds' : 'date' };
      return;
    case 'delay':
      if (!duration.safeParse(value).success || durationMs(value) > longestStepMs)
        return 'delay must be a duration of at most 60s, such as 500ms or 2s';
      step.delayMs = durationMs(value);
      return;
    case 'body':
      try {
        step.body = decodeURIComponent(value);
        return;
      } catch {
        return 'body is not correctly percent-encoded';
      }
    default:
      return `unknown option ${JSON.stringify(name)}`;
  }
}
