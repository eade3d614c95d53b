// What `stop` promises: its time, and that events which it interrupts are handled again without a lost attempt. And what
// callbacks and options that are wrong do.
import { expect, it, onTestFinished } from 'vitest';
import { until } from '../../../test/support/until.ts';
import { memoryInbox } from '../src/inbox/memory.ts';
import { inboxOf } from '../src/inbox/open-inbox.ts';
import { createReceiver, type Inbox, type NewItem, type ReceiverOptions } from '../src/index.ts';

const item = (id: string, more: Partial<NewItem> = {}): NewItem => ({
  ...{ id, type: 'a.b', raw: '{"type":"a.b","data":{}}', key: null, sequence: null, replay: 0, meta: '{}' },
  ...more,
});
const never = () => new Promise<never>(() => undefined);

function open(options: Partial<ReceiverOptions<never>> = {}) {
  const lines: string[] = [];
  const write = (_fields: object, msg: string) => void lines.push(msg);
  const inbox: Inbox<never> = options.inbox ?? memoryInbox();
  const receiver = createReceiver<object, never>({
    ...{ secrets: 'whsec_MDAw', log: { info: write, warn: write, error: write } },
    ...options,
    inbox,
  });
  onTestFinished(() => receiver.stop({ timeoutMs: 0 }));
  return { receiver, lines, accept: (...items: NewItem[]) => inbox.accept('default', items, { again: false, gapWaitMs: 0 }), inbox };
}

it('returns in time although the store never answers, and what it claims later is released', async () => {
  const memory = memoryInbox();
  let answer = (): void => undefined;
  const answered = new Promise<void>((resolve) => {
    answer = resolve;
  });
  let claims = 0;
  const inbox = inboxOf<never>({
    ...memory,
    async claim(...given) {
      claims++;
      await answered;
      return memory.claim(...given);
    },
  });
  const { receiver, lines, accept } = open({ inbox });
  const attempts: number[] = [];
  receiver.on('*', (_event, { attempt }) => void attempts.push(attempt));
  await accept(item('e1'));
  await receiver.start();
  await until('the claim', () => claims > 0);
  await receiver.stop({ timeoutMs: 20 });
  answer();
  await until('the release', () => lines.includes('webhook.released'));
  await receiver.start();
  await until('the handler', () => attempts.length > 0);
  expect(attempts).toEqual([1]);
});

it('an event that it interrupts at its last attempt is no dead letter', async () => {
  const { receiver, lines, accept, inbox } = open({ retryMs: [] });
  const attempts: number[] = [];
  receiver.on('*', async (_event, { attempt }) => {
    attempts.push(attempt);
    if (attempts.length === 1) await never();
  });
  await accept(item('e1'));
  await receiver.start();
  await until('the handler', () => attempts.length > 0);
  const stopped = receiver.stop({ timeoutMs: 200 });
  await Promise.all([stopped, receiver.start()]);
  await until('the end', () => lines.includes('webhook.done'));
  expect([attempts, lines.includes('webhook.released'), await inbox.dead('default', 1)]).toEqual([[1, 1], true, []]);
});

it('callbacks that fail do not change what becomes of an event, and a gap is reported once', async () => {
  const gaps: string[] = [];
  const onGap = ({ event }: { event: string }) => {
    gaps.push(event);
    throw new Error('onGap');
  };
  const { receiver, lines, accept } = open({
    ...{ retryMs: [0], order: { gapWaitMs: 0, onGap } },
    onDead: async () => {
      throw new Error('onDead');
    },
  });
  let calls = 0;
  receiver.on('*', () => {
    calls++;
    throw new Error('no');
  });
  await accept(item('e2', { key: 'k', sequence: 2 }));
  await receiver.drain();
  await until('the retry', async () => (await receiver.drain()) === 0 && lines.includes('webhook.dead'));
  expect([calls, gaps]).toEqual([2, ['e2']]);
  expect(lines.filter((line) => line === 'webhook.callback_failed')).toHaveLength(2);
});

it.each<[object, string]>([
  [{ rateLimit: { perSecond: 0 } }, 'rateLimit.perSecond: must be a number from'],
  [{ rateLimit: {} }, 'rateLimit.perSecond: must be a number from'],
  [{ rateLimit: { perSecond: 1, burst: 0.5 } }, 'rateLimit.burst: must be a number from 1'],
  [{ concurrency: 0 }, 'concurrency: must be a whole number from 1'],
  [{ retryMs: 5 }, 'retryMs: must be a list of milliseconds'],
  [{ retryMs: ['5s'] }, 'retryMs: must be a list of milliseconds'],
  [{ leaseMs: Number.NaN }, 'leaseMs: must be a number from 1'],
  [{ order: { gapWaitMs: -1 } }, 'order.gapWaitMs: must be a number from 0'],
  [{ order: 'key' }, 'order: must be false or an object'],
  [{ name: '' }, 'name: must be a text'],
  [{ replays: 'all' }, 'replays: must be one of "skip", "run"'],
  [{ onDead: 'log' }, 'onDead: must be a function'],
  [{ secrets: '' }, 'secrets: must be whsec_ or whpk_ followed by base64'],
  [{ secrets: [undefined] }, 'secrets: must be whsec_ or whpk_ followed by base64'],
  [{ secrets: 'phk_abc' }, 'secrets: must be whsec_ or whpk_ followed by base64'],
  [{ secrets: ['whsec_AAAA', '"whsec_AAAA"'] }, 'secrets: must be whsec_ or whpk_ followed by base64'],
])('refuses %j', (options, message) => {
  expect(() => open(options)).toThrow(message);
});

it('refuses a route without a handler', () => {
  expect(() => open().receiver.on('order.*', undefined as never)).toThrow('order.* needs a function as its handler');
});
