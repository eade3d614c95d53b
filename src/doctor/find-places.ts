// Finds the stores to check: those that are configured, else the embedded ones of a Posthorn that runs on the data folder.
import type { Config } from '#config/config';
import { findRunningEmbedded } from '#embedded/find-running';
import type { Places } from './context.ts';
import { wordsOf } from './finding.ts';

export function findPlaces(config: Config): Places {
  const { DATABASE_URL: databaseUrl, TEMPORAL_ADDRESS: temporalAddress, POSTHORN_MASTER_KEY: masterKeys } = config;
  if (databaseUrl !== undefined && temporalAddress !== undefined)
    return { databaseUrl, temporalAddress, masterKeys, dataDir: null, fault: null };
  try {
    const found = findRunningEmbedded(config.POSTHORN_DATA_DIR);
    const kept = databaseUrl === undefined && found.masterKey !== undefined ? [found.masterKey] : undefined;
    return {
      databaseUrl: databaseUrl ?? found.databaseUrl,
      temporalAddress: temporalAddress ?? found.temporalAddress,
      masterKeys: masterKeys ?? kept,
      dataDir: found.path,
      fault: null,
    };
  } catch (error) {
    return { databaseUrl, temporalAddress, masterKeys, dataDir: config.POSTHORN_DATA_DIR, fault: wordsOf(error) };
  }
}
