// What an error of the store says: away (ask again), lost a race (run again), or bad data (one row is to blame).

const awayCodes =
  /^(08...|53...|57014|57P0[1-5]|58...|XX...|25006|ECONN(REFUSED|RESET|ABORTED)|EPIPE|ETIMEDOUT|ENOTFOUND|EAI_AGAIN|EHOSTUNREACH|ENETUNREACH)$/;
const awayMessages =
  /^(Connection terminated|timeout exceeded when trying to connect|Query read timeout|Client has encountered a connection error|Client was closed|Cannot use a pool after calling end)/;

/** More waits for the store than may wait. */
export class StoreOverloaded extends Error {
  override name = 'StoreOverloaded';

  constructor() {
    super('more waits for the store than may wait');
  }
}

/** PostgreSQL is away, full, or going down: nothing is known of what was asked, and asking again later is right. */
export function isStoreAway(error: unknown): boolean {
  if (error instanceof StoreOverloaded) return true;
  if (error instanceof AggregateError) return error.errors.every(isStoreAway);
  const code = codeOf(error);
  // pg itself raises its connection errors without a code
  return awayCodes.test(code) || (code === '' && error instanceof Error && awayMessages.test(error.message));
}

/** Deadlock or serialisation failure: the whole statement may run again. */
export function isLostRace(error: unknown): boolean {
  return ['40P01', '40001'].includes(codeOf(error));
}

/** Data exception or constraint (classes 22 and 23): some row of a multi-row write cannot be stored. */
export function isBadData(error: unknown): boolean {
  return /^2[23]...$/.test(codeOf(error));
}

/** A lock was not to be had in time. */
export function isLockTimeout(error: unknown): boolean {
  return codeOf(error) === '55P03';
}

/** No partition takes the row. */
export function isWithoutPartition(error: unknown): boolean {
  return codeOf(error) === '23514' && error instanceof Error && error.message.startsWith('no partition of relation');
}

function codeOf(error: unknown): string {
  const code = (error as { code?: unknown } | null)?.code;
  return typeof code === 'string' ? code : '';
}
