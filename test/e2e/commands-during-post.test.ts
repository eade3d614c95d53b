// Commands while the endpoint holds the request: there are never two requests at once, and an
// acceptance wins over every command.
import { afterAll, describe, expect, it } from 'vitest';
import { withPosthorn } from '../support/shared-posthorn.ts';
import { until } from '../support/until.ts';
import { commandArrived, holding, mostAtOnce, type Sent, type Stage, setStageOn } from './stage.ts';

let stage: Stage;
withPosthorn.beforeAll(async ({ posthorn }) => {
  stage = await setStageOn(posthorn);
});
afterAll(() => stage?.close());

const pendingActivities = async ({ handle }: Sent) => (await handle.describe()).raw.pendingActivities?.length;

/**
 * A delivery whose attempt `number` is held by the endpoint. Earlier attempts were refused, later ones get `later`.
 * `handedOver`: a first attempt is not a local activity any more.
 */
async function heldAt(
  number: number,
  schedule: string[],
  later = 204,
  handedOver = true,
): Promise<{ sent: Sent; release(status: number): void }> {
  const hold = holding();
  const sent = await stage.send({
    until: number === 1 ? 'pending' : 'retrying',
    retry: { schedule },
    // the test holds the request, so the speed of the machine does not matter
    endpoint: { timeoutMs: 30_000 },
    answer: (request, response, count) => {
      if (count < number) response.writeHead(500).end();
      else if (count === number) void hold.reply(request, response, count);
      else response.writeHead(later).end();
    },
  });
  await hold.held();
  if (number === 1 && handedOver) await until('the normal activity', async () => (await pendingActivities(sent)) === 1);
  return { sent, release: hold.release };
}

const first = { number: 1, schedule: ['1h'] };
const second = { number: 2, schedule: ['50ms', '1h'] };
const last = { number: 2, schedule: ['50ms'] };
type Say = (sent: Sent, kind: 'cancel' | 'retry-now') => Promise<unknown>;

/** Three ways to cancel: the API, a signal to the delivery's own workflow, and the button of the Web UI. */
const ways: Record<string, Say> = {
  'the API': (sent, kind) => sent.command(kind),
  'a signal': (sent, kind) => sent.handle.signal(kind === 'cancel' ? 'cancel' : 'retryNow'),
};
const cancels: Record<string, Say> = { ...ways, "the Web UI's button": (sent) => sent.handle.cancel() };

describe.concurrent.each(Object.entries(cancels))('cancel by %s during a request', (_name, say) => {
  it.concurrent.each([first, second, last])('that is refused, attempt $number of $schedule', async ({ number, schedule }) => {
    const { sent, release } = await heldAt(number, schedule);
    await say(sent, 'cancel');
    await commandReceived(sent, number);
    release(500);
    expect(await sent.closed()).toBe('cancelled');
    expect((await sent.row()).status).toBe('cancelled');
    expect(sent.requests()).toHaveLength(number);
    expect(await stage.posthorn.attemptsOf(sent.id)).toHaveLength(number);
  });

  it.concurrent.each([first, last])('that is accepted, attempt $number of $schedule', async ({ number, schedule }) => {
    const { sent, release } = await heldAt(number, schedule);
    await say(sent, 'cancel');
    await commandReceived(sent, number);
    release(204);
    expect(await sent.closed()).toBe('succeeded');
    expect(await sent.row()).toMatchObject({ status: 'succeeded', attempts: number });
    expect(sent.requests()).toHaveLength(number);
  });
});

describe.concurrent.each(Object.entries(cancels))('cancel by %s while the first attempt is a local activity', (_name, say) => {
  it.concurrent.each([
    [204, 'succeeded'],
    [500, 'cancelled'],
  ])('that is answered %i: the delivery ends as %s', async (answer, status) => {
    const { sent, release } = await heldAt(1, ['1h'], 204, false);
    await say(sent, 'cancel');
    await commandArrived(sent);
    release(answer);
    expect(await sent.closed()).toBe(status);
    expect((await sent.row()).status).toBe(status);
    expect(await stage.posthorn.attemptsOf(sent.id)).toHaveLength(1);
    expect(sent.requests()).toHaveLength(1);
  });
});

describe.concurrent.each(Object.entries(ways))('retry-now by %s during a request', (_name, say) => {
  it.concurrent.each([first, second])(
    'that is refused, attempt $number of $schedule: the next follows at once',
    async ({ number, schedule }) => {
      const { sent, release } = await heldAt(number, schedule);
      await say(sent, 'retry-now');
      await commandReceived(sent, number);
      expect(sent.requests()).toHaveLength(number);
      release(500);
      expect(await sent.closed()).toBe('succeeded');
      expect(await sent.row()).toMatchObject({ status: 'succeeded', attempts: number + 1 });
      expect(mostAtOnce(sent)).toBe(1);
    },
  );

  it.concurrent('that is accepted', async () => {
    const { sent, release } = await heldAt(1, ['1h'], 500);
    await say(sent, 'retry-now');
    await commandReceived(sent, 1);
    release(204);
    expect(await sent.closed()).toBe('succeeded');
    expect(sent.requests()).toHaveLength(1);
  });

  it.concurrent('that is the last of the schedule and refused: a dead letter without a further attempt', async () => {
    const { sent, release } = await heldAt(last.number, last.schedule);
    await say(sent, 'retry-now');
    await commandReceived(sent, last.number);
    release(500);
    await sent.reach('dead_lettered');
    await until('the workflow to know', async () => (await status(sent)).status === 'dead_lettered');
    expect(sent.requests()).toHaveLength(last.number);
    await sent.handle.signal('replay');
    expect(await sent.closed()).toBe('succeeded');
    expect(mostAtOnce(sent)).toBe(1);
  });
});

const status = (sent: Sent) => sent.handle.query<{ status: string; attempts: number }>('status');

/**
 * The workflow knows of the command. A first attempt is not cancelled: the workflow waits for it. On a slow machine that activity
 * may begin after the first attempt has ended, and make the second one. Other attempts it has cancelled with the same task.
 */
async function commandReceived(sent: Sent, number: number): Promise<void> {
  await commandArrived(sent);
  if (number === 1) return;
  await until('the workflow to know of it', async () => {
    const events = (await sent.handle.fetchHistory()).events ?? [];
    const arrived = events.findIndex(
      (event) => event.workflowExecutionSignaledEventAttributes ?? event.workflowExecutionCancelRequestedEventAttributes,
    );
    return arrived >= 0 && events.slice(arrived).some((event) => event.workflowTaskCompletedEventAttributes);
  });
}
