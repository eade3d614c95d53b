// Classifies errors of the store: unavailable (try again later), lost race (run again), bad data
// (one row is the cause).

const awayCodes =
  /^(08...|53...|57014|57P0[1-5]|58...|XX...|25006|ECONN(REFUSED|RESET|ABORTED)|EPIPE|ETIMEDOUT|ENOTFOUND|EAI_AGAIN|EHOSTUNREACH|ENETUNREACH)$/;
const awayMessages =
  /^(Connection terminated|timeout exceeded when trying to connect|Query read timeout|Client has encountered a connection error|Client was closed|Cannot use a pool after calling end)/;

/** The limit of queries that may wait for the store is reached. */
export class StoreOverloaded extends Error {
  override name = 'StoreOverloaded';

  constructor() {
    super('too many queries are waiting for the database');
  }
}

/**
 * PostgreSQL is unreachable, full or shutting down. Whether the statement took effect is unknown; a later retry is
 * right.
 */
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

/** A lock was not available in time. */
export function isLockTimeout(error: unknown): boolean {
  return codeOf(error) === '55P03';
}

/** Another process created the table at the same moment. */
export function isDuplicateTable(error: unknown): boolean {
  return codeOf(error) === '42P07';
}

/** No partition exists for the row. */
export function isWithoutPartition(error: unknown): boolean {
  return codeOf(error) === '23514' && error instanceof Error && error.message.startsWith('no partition of relation');
}

function codeOf(error: unknown): string {
  const code = (error as { code?: unknown } | null)?.code;
  return typeof code === 'string' ? code : '';
}
