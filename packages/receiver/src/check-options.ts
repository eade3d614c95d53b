// Checks the options of a receiver when it is made, so that a mistake is found before the first webhook. The inboxes load it:
// the main entry has to stay small.
import type { ReceiverOptions } from './options.ts';

/** What a timer takes. */
const longestTimerMs = 2 ** 31 - 1;
const longestMs = 100 * 365 * 86_400_000;

type Rule = (value: unknown) => string | null;

const number = (least: number, most: number): Rule => {
  return (value) => (typeof value === 'number' && value >= least && value <= most ? null : `must be a number from ${least} to ${most}`);
};
const whole = (least: number, most: number): Rule => {
  return (value) =>
    Number.isInteger(value) && number(least, most)(value) === null ? null : `must be a whole number from ${least} to ${most}`;
};
const oneOf = (...values: unknown[]): Rule => {
  return (value) => (values.includes(value) ? null : `must be one of ${values.map((one) => JSON.stringify(one)).join(', ')}`);
};
const isObject = (value: unknown) => typeof value === 'object' && value !== null;
const callback: Rule = (value) => (typeof value === 'function' ? null : 'must be a function');
const text: Rule = (value) => (typeof value === 'string' && value !== '' ? null : 'must be a text');
const pauses: Rule = (value) =>
  Array.isArray(value) && value.every((ms) => number(0, longestMs)(ms) === null) ? null : 'must be a list of milliseconds';

const rules: Record<string, Rule> = {
  tolerance: number(0, longestMs),
  name: text,
  trustedProxies: whole(0, 100),
  maxBodyBytes: whole(1, Number.MAX_SAFE_INTEGER),
  rateLimit: (value) => (isObject(value) ? null : 'must be an object'),
  'rateLimit.perSecond': number(0.001, 1e6),
  'rateLimit.burst': number(1, 1e9),
  order: (value) => (value === false || isObject(value) ? null : 'must be false or an object'),
  'order.key': callback,
  'order.gapWaitMs': number(0, longestMs),
  'order.onGap': callback,
  replays: oneOf('skip', 'run'),
  tests: oneOf(true, false),
  retryMs: pauses,
  concurrency: whole(1, 100_000),
  handlerTimeoutMs: number(1, longestTimerMs),
  leaseMs: number(1, longestTimerMs),
  pollMs: number(1, longestTimerMs),
  keepMs: number(0, longestMs),
  onDead: callback,
};

/** A custom scheme takes any text. Base64 in detail is left to the first check of a signature. */
function checkSecrets({ secrets, scheme }: ReceiverOptions<unknown>): void {
  if (scheme || typeof secrets === 'function') return;
  const given = [secrets].flat().filter(Boolean);
  if (given.length === 0 || given.some((one) => typeof one === 'string' && !/^(wh(sec|pk)_)?[A-Za-z0-9+/]+={0,2}$/.test(one)))
    throw new TypeError('secrets: must be whsec_ or whpk_ followed by base64, without quotes or line breaks');
}

/** Throws a TypeError that names the first option that makes no sense. */
export function checkOptions(options: ReceiverOptions<unknown>): void {
  checkSecrets(options);
  for (const [path, fault] of Object.entries(rules)) {
    const [name = '', inner] = path.split('.');
    const outer: unknown = options[name as keyof typeof options];
    const value = inner === undefined ? outer : (outer as Record<string, unknown> | null | undefined)?.[inner];
    const isMissing = value === undefined && !(path === 'rateLimit.perSecond' && outer !== undefined);
    const message = isMissing ? null : fault(value);
    if (message !== null) throw new TypeError(`${path}: ${message}`);
  }
}
