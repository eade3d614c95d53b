// A small world around one delivery for the property of its owners: two pumps, a workflow and a lane that act on its row with
// the product's own statements. What is in memory here is only what a process, or Temporal, would hold.
import { obeyCommand } from '#db/deliveries/commands';
import { readDeliveryJob } from '#db/deliveries/deliveries';
import { markSignalled, overdueDeliveries, readDeliveryRef, startableDeliveries } from '#db/deliveries/delivery-refs';
import { openDeadLetters, unopenedDeadLetters } from '#db/deliveries/unopened';
import { releaseDeadRelays } from '#db/events/relays';
import { parkSleeping } from '#db/lanes/parking';
import type { Db } from '#db/store/pool';
import { type Command, type DeliveryStatus, isUnderWay } from '#domain/deliveries/delivery';
import { uuidOf } from '#domain/ids';
import { newId } from '#runtime/new-id';
import { type InFlight, type Outcome, OwnedDelivery, type Sender } from './owned-delivery.ts';
import { PumpProcess } from './pump-process.ts';

export class World {
  readonly #db: Db;
  readonly delivery: OwnedDelivery;
  readonly pumps: readonly [PumpProcess, PumpProcess];
  workflow: 'none' | 'open' | 'terminated' = 'none';
  /** Its lane is open: only the lane may send. */
  parks = false;

  constructor(db: Db) {
    this.#db = db;
    this.delivery = new OwnedDelivery(db);
    this.pumps = [new PumpProcess(this.delivery, 0), new PumpProcess(this.delivery, 1)];
  }

  async begin(first: Outcome | 'not_made', hasRoom: boolean): Promise<void> {
    await this.delivery.insert(first, hasRoom);
    for (const pump of this.pumps) await pump.register();
    const [startable] = await startableDeliveries(this.#db, [this.delivery.eventId], null, 1);
    if (startable) this.workflow = 'open';
  }

  /** The requests whose processes can record them. */
  recordable(): InFlight[] {
    return this.delivery.inFlight.filter(({ by }) => typeof by !== 'number' || !this.pumps[by].isFrozen);
  }

  /** Records a request in flight. `hasRoom`: what the budget answers, if it is asked. */
  async record(own: InFlight, outcome: Outcome, hasRoom: boolean): Promise<void> {
    const { by } = own;
    const { before, after } = await this.delivery.record(own, outcome, asks(by, outcome) ? !hasRoom : undefined);
    if (typeof by === 'number') await this.pumps[by].recorded(own.leasedBy);
    if (by === 'lane' && after.status === 'dead_lettered' && hasRoom) await this.signal();
    if (own.isLate && (before.status !== after.status || before.attempts !== after.attempts)) this.#overtake(before.leasedBy, after.status);
  }

  /** A late record decided the attempt that others repeat. A relay that has leased the row still owns it. */
  #overtake(leasedBy: string | null, status: DeliveryStatus): void {
    for (const other of this.delivery.inFlight) {
      const { by } = other;
      if (typeof by !== 'number' || !isUnderWay(status) || leasedBy !== this.pumps[by].relayId) this.delivery.lose(other);
    }
  }

  async act(): Promise<void> {
    if (this.workflow !== 'open' || this.delivery.of('workflow')) return;
    const job = await readDeliveryJob(this.#db, this.delivery.id);
    if (job && (await this.delivery.next(job, 'workflow')) === 'posted') return;
    const { status, pumped } = await this.delivery.row();
    if (status !== 'dead_lettered' && (!isUnderWay(status) || pumped)) this.workflow = 'none';
  }

  /** By hand: nothing is in flight. */
  setWorkflow(now: 'open' | 'terminated'): void {
    this.workflow = now;
  }

  /** Its worker dies during a request (Temporal calls another one), or stands still for longer than its heartbeat. */
  loseWorker(dies: boolean): void {
    const own = this.delivery.of('workflow');
    if (!own) return;
    this.delivery.lose(own);
    if (dies) this.delivery.inFlight = this.delivery.inFlight.filter((one) => one !== own);
  }

  async sweep(): Promise<void> {
    const overdue = await overdueDeliveries(this.#db, null, 10);
    if (overdue.some(({ deliveryId }) => deliveryId === this.delivery.id)) this.workflow = 'open';
    const waiting = await unopenedDeadLetters(this.#db, null, { tenants: 10, perTenant: 10 });
    await openDeadLetters(
      this.#db,
      waiting.map(({ deliveryId }) => deliveryId),
    );
    await this.signal();
  }

  /** Of a changed row, as the sweep finds it by its mark. */
  async signal(): Promise<void> {
    const ref = await readDeliveryRef(this.#db, this.delivery.id);
    if (!ref?.unsignalledSince) return;
    if (isUnderWay(ref.status) || ref.status === 'dead_lettered') this.workflow = 'open';
    await markSignalled(this.#db, this.delivery.id, ref.unsignalledSince);
  }

  async releaseDead(): Promise<void> {
    await releaseDeadRelays(this.#db, 100);
  }

  /** `crashes`: before the workflow is signalled. */
  async command(kind: 'cancel' | 'retry-now' | 'replay', crashes: boolean): Promise<void> {
    const command: Command = kind === 'replay' ? { kind, replayId: newId('evt') } : { kind };
    const result = await obeyCommand(this.#db, this.delivery.id, command, 'outside');
    if (result?.obeyed && !crashes) await this.signal();
  }

  /** Opens the lane, which takes over what waits, or closes it. */
  async setLane(parks: boolean): Promise<void> {
    this.parks = parks;
    const { endpointId, tenantId } = this.delivery;
    await this.#db.query(
      `insert into lanes (endpoint_id, tenant_id, parks, reason, state) values ($1, $2, $3, 'backlog', 'awake')
       on conflict (endpoint_id) do update set parks = excluded.parks`,
      [uuidOf(endpointId), uuidOf(tenantId), parks],
    );
    if (parks) await parkSleeping(this.#db, endpointId, 10);
  }

  async drain(): Promise<void> {
    if (this.delivery.of('lane')) return;
    const { rows } = await this.#db.query(
      `select round, attempts + 1 as number from deliveries where id = $1 and status = 'held' and next_attempt_at <= now()`,
      [uuidOf(this.delivery.id)],
    );
    if (rows[0]) this.delivery.post({ by: 'lane', ...rows[0], isLate: false });
  }
}

/** As the workflow, and the lane, ask the budget; pumps never do. */
function asks(by: Sender, outcome: Outcome): boolean {
  return (by === 'workflow' && outcome === 'refused') || (by === 'lane' && outcome === 'given_up');
}
