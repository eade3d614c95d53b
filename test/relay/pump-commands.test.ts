// Commands at each moment of a delivery that relays attempt: while it waits, is leased, during its request, between the
// answer and its record, and as a dead letter without a workflow. Real requests and PostgreSQL, and no Temporal.
import { isDeepStrictEqual } from 'node:util';
import { describe, expect, it, type TestContext } from 'vitest';
import { obeyCommand } from '#db/deliveries/commands';
import { openDeadLetters } from '#db/deliveries/unopened';
import { cancelUnfinished, deleteEndpoint, pauseEndpoint } from '#db/endpoints/pause-resume';
import { uuidOf } from '#domain/ids';
import type { Checkpoint } from '#runtime/checkpoints';
import { newId } from '#runtime/new-id';
import { until } from '../support/until.ts';
import { openPumpStage, type Pumped } from './pump-stage.ts';

type Kind = 'cancel' | 'retry-now' | 'replay' | 'pause' | 'delete';
const kinds: Kind[] = ['cancel', 'retry-now', 'replay', 'pause', 'delete'];

/** Where all attempts wait until it is opened. */
function gateAt(checkpoint: Checkpoint) {
  let open: () => void = () => undefined;
  const opened = new Promise<void>((resolve) => {
    open = resolve;
  });
  let waiting = 0;
  const reached = async (now: Checkpoint) => {
    if (now !== checkpoint) return;
    waiting++;
    await opened;
  };
  return { reached, open, waiting: () => waiting };
}

async function setUp({ onTestFinished }: TestContext) {
  const stage = await openPumpStage();
  onTestFinished(() => stage.close());
  const { db } = stage;

  async function say(kind: Kind, { id, endpointId }: Pumped): Promise<boolean | undefined> {
    if (kind === 'pause') return pauseEndpoint(db, endpointId);
    if (kind !== 'delete') {
      const command = kind === 'replay' ? ({ kind, replayId: newId('evt') } as const) : { kind };
      return (await obeyCommand(db, id, command, 'outside'))?.obeyed;
    }
    const isDeleted = await deleteEndpoint(db, endpointId);
    for await (const _ of cancelUnfinished(db, endpointId));
    return isDeleted;
  }

  /** The first request of an endpoint is answered when the gate opens, the later ones are accepted at once. */
  function answerFirst({ endpointId }: Pumped, status: number, gate?: Pick<ReturnType<typeof gateAt>, 'reached'>): void {
    stage.receiver.answer(`/${endpointId}`, async (_, response, count) => {
      if (count === 1) await gate?.reached('posted');
      response.writeHead(count === 1 ? status : 204).end();
    });
  }

  return {
    ...stage,
    answerFirst,
    /** One delivery for each command. */
    one: (set = '') => Promise.all(kinds.map(() => stage.deliver(set))),
    sayAll: (all: Pumped[]) => Promise.all(all.map((delivery, n) => say(kinds[n % kinds.length] as Kind, delivery))),
    /** Those that still wait fall due, and the pump looks. */
    async fallDue(relay: { pumpSoon(): void }): Promise<void> {
      await stage.sql(`update deliveries set next_attempt_at = now() where status = 'retrying' and not hurried and leased_by is null`);
      relay.pumpSoon();
    },
    async ends(all: Pumped[]): Promise<[string, number][]> {
      return Promise.all(all.map(async (one) => [(await stage.row(one)).status, stage.requests(one)] as [string, number]));
    },
  };
}

/** In the order of `kinds`: obeyed or not, and then the status and the number of requests. */
const obeyed = [true, true, false, true, true];
const notSent = [
  ['cancelled', 0],
  ['succeeded', 1],
  ['succeeded', 1],
  ['held', 0],
  ['cancelled', 0],
];
const refused = [
  ['cancelled', 1],
  ['succeeded', 2],
  ['succeeded', 2],
  ['held', 1],
  ['cancelled', 1],
];
const accepted = kinds.map(() => ['succeeded', 1]);

describe.concurrent('a command on a delivery that relays attempt', () => {
  it('while it waits', async (context) => {
    const { one, relay, sayAll, fallDue, ends } = await setUp(context);
    const all = await one(`next_attempt_at = now() + interval '1 hour'`);
    const { relay: pump } = await relay();
    expect(await sayAll(all)).toEqual(obeyed);
    await fallDue(pump);
    await until('the ends', async () => isDeepStrictEqual(await ends(all), notSent));
  });

  it('after it was leased: the row is read once more before the request', async (context) => {
    const { one, relay, sayAll, ends, row } = await setUp(context);
    const gate = gateAt('pump has leased');
    const all = await one();
    await relay({ reached: gate.reached });
    await until('all to be leased', () => gate.waiting() === all.length);
    expect(await sayAll(all)).toEqual(obeyed);
    gate.open();
    await until('the ends', async () => isDeepStrictEqual(await ends(all), notSent));
    await until('no lease', async () => (await row(all[3] as Pumped)).leased_by === null);
  });

  it.for([[true], [false]])(
    'an acceptance wins over it, and a refusal changes nothing after it; during the request: %s',
    async ([isDuring], context) => {
      const { one, relay, sayAll, fallDue, ends, answerFirst, receiver } = await setUp(context);
      const gate = gateAt('posted');
      const [refusing, accepting] = [await one(), await one()];
      const all = [...refusing, ...accepting];
      for (const each of refusing) answerFirst(each, 503, isDuring ? gate : undefined);
      for (const each of accepting) answerFirst(each, 204, isDuring ? gate : undefined);
      const { relay: pump } = await relay({ schedule: ['1h', '1h', '1h'], ...(!isDuring && { reached: gate.reached }) });
      await until('all requests', () => gate.waiting() === all.length);
      expect(await sayAll(all)).toEqual([...obeyed, ...obeyed]);
      gate.open();
      await until('the ends', async () => {
        await fallDue(pump);
        return isDeepStrictEqual(await ends(all), [...refused, ...accepted]);
      });
      expect(receiver.requests.filter(({ atOnce }) => atOnce > 1)).toEqual([]);
    },
  );

  it('as a dead letter whose workflow had no room: a workflow is opened for those that still need one', async (context) => {
    const { one, sayAll, ends, sql, db, row } = await setUp(context);
    const all = await one(`status = 'dead_lettered', next_attempt_at = null`);
    expect(await sayAll(all)).toEqual([true, false, true, true, true]);
    const now = ['cancelled', 'dead_lettered', 'pending', 'dead_lettered', 'cancelled'].map((status) => [status, 0]);
    expect(await ends(all)).toEqual(now);
    const opened = await openDeadLetters(
      db,
      all.map(({ id }) => id),
    );
    expect(opened.map(({ deliveryId }) => deliveryId).toSorted()).toEqual([all[1]?.id, all[3]?.id].toSorted());
    // the replay is its workflow's, and no pump takes it
    const replayed = all[2] as Pumped;
    expect(await row(replayed)).toMatchObject({ leased_by: null });
    expect(
      await sql('select pumped, own_workflow, unsignalled_since is not null as marked from deliveries where id = $1', uuidOf(replayed.id)),
    ).toEqual([{ pumped: false, own_workflow: true, marked: true }]);
  });
});
