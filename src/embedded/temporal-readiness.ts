// Waits until a Temporal server that was just started is ready: it answers and has our namespaces.
// Also adds missing search attributes.
import { setTimeout as sleep } from 'node:timers/promises';
import { Connection } from '@temporalio/client';
import { isPortFree } from './free-port.ts';

export type SearchAttributes = Readonly<Record<string, 'Keyword'>>;

// number of the type Keyword in Temporal's API (IndexedValueType)
const keyword = 2;

interface WaitOptions {
  isRunning(): boolean;
  timeoutMs: number;
}

/** Resolves to true once every namespace can be described, to false if the server ended or took too long. */
export async function waitForNamespaces(
  address: string,
  namespaces: readonly string[],
  { isRunning, timeoutMs }: WaitOptions,
): Promise<boolean> {
  for (const deadline = Date.now() + timeoutMs; isRunning() && Date.now() < deadline; await sleep(50)) {
    // a gRPC call that comes too early costs a second of backoff
    if (!(await isPortFree(Number(address.split(':')[1]))) && (await describesAll(address, namespaces))) return true;
  }
  return false;
}

async function describesAll(address: string, namespaces: readonly string[]): Promise<boolean> {
  try {
    return await withConnection(address, 1_000, async (connection) => {
      for (const namespace of namespaces) await inTime(connection, () => connection.workflowService.describeNamespace({ namespace }));
      return true;
    });
  } catch {
    return false;
  }
}

/**
 * Adds the search attributes that an older database file lacks. The command line adds them only to namespaces that it
 * creates.
 */
export async function completeSearchAttributes(address: string, namespaces: readonly string[], wanted: SearchAttributes): Promise<void> {
  await withConnection(address, 10_000, async (connection) => {
    const { operatorService } = connection;
    for (const namespace of namespaces) {
      const { customAttributes } = await inTime(connection, () => operatorService.listSearchAttributes({ namespace }));
      const missing = Object.keys(wanted).filter((name) => !(name in (customAttributes ?? {})));
      if (missing.length === 0) continue;
      const searchAttributes = Object.fromEntries(missing.map((name) => [name, keyword]));
      await inTime(connection, () => operatorService.addSearchAttributes({ namespace, searchAttributes }));
    }
  });
}

/** A deadline for each call, not for all: there may be many namespaces, and the machine may be slow. */
const inTime = <T>(connection: Connection, call: () => Promise<T>) => connection.withDeadline(Date.now() + 10_000, call);

async function withConnection<T>(address: string, connectTimeout: number, work: (connection: Connection) => Promise<T>): Promise<T> {
  const connection = await Connection.connect({ address, connectTimeout });
  try {
    return await work(connection);
  } finally {
    await connection.close();
  }
}
