// What the checks of `posthorn doctor` look at, and with which limits.
import type { Config } from '#config/config';
import type { Db } from '#db/store/pool';
import { usualTimings } from '#domain/timings';

export interface Limits {
  /** Each check. */
  withinMs: number;
  clockSkewMs: { warning: number; error: number };
  /** The outbox is bloated if it is larger than this and has more bytes for each row. */
  outbox: { bytes: number; bytesEachRow: number };
  oldTransactionMs: number;
  /** As a running Posthorn creates them. */
  partitionDaysAhead: number;
  freeBytes: { warning: number; error: number };
}

const mebibyte = 2 ** 20;

export const usualLimits: Limits = {
  withinMs: 3_000,
  clockSkewMs: { warning: 1_000, error: 60_000 },
  outbox: { bytes: 256 * mebibyte, bytesEachRow: 10_000 },
  oldTransactionMs: 10 * 60_000,
  partitionDaysAhead: usualTimings.partitionDaysAhead,
  freeBytes: { warning: 2_048 * mebibyte, error: 256 * mebibyte },
};

export interface Context {
  config: Config;
  limits: Limits;
  /** The clock of this process, in ms. */
  now(): number;
  /** How many processes `posthorn start` or `server` would run here. */
  processes: number;
  /** Name servers to ask instead of those in /etc/resolv.conf. */
  nameServers: string[] | undefined;
  /** Where the stores are. */
  places: Places;
  /** A pool for PostgreSQL, when it has answered. Null: it has not, or is not known. */
  db: Promise<Db | null>;
  /** The same, if the database has the schema of this version. */
  migrated: Promise<Db | null>;
}

export interface Places {
  databaseUrl: string | undefined;
  temporalAddress: string | undefined;
  masterKeys: string[] | undefined;
  /** The data folder of embedded servers. Null: none are used. */
  dataDir: string | null;
  /** Why the data folder could not be read. Null: it could. */
  fault: string | null;
}
