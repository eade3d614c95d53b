// Streams exports: at most two at a time for each caller in this process. A stream ends when its
// client disconnects, or when the caller's key or link is revoked or expires (checked every 5 s).
import { AsyncLocalStorage } from 'node:async_hooks';
import { recheckCredentials } from '#db/access/recheck-credentials';
import type { Db } from '#db/store/pool';
import type { Caller } from '#domain/access/access';
import { begun, type ExportFormat, exportTypes } from '#exports/export-lines';
import { nameOf } from '../access/auth.ts';
import { Problem } from '../http/problem.ts';
import type { Answer } from '../http/route.ts';
import type { ApiDeps } from './deps.ts';

type Querying = Pick<Db, 'query'>;
type Pieces = (db: Querying) => AsyncGenerator<string>;

/** Resolves when the first piece is ready. Throws a 429 if the caller already runs two exports. */
export type StreamExport = (caller: Caller, format: ExportFormat, pieces: Pieces) => Promise<Answer>;

const mostAtOnce = 2;
const retryAfterSeconds = 10;

/** `checkEveryMs`: how often the caller's credentials are checked again. */
export function createExports({ db, log }: Pick<ApiDeps, 'db' | 'log'>, checkEveryMs = 5_000): StreamExport {
  const running = new Map<string, number>();

  function begin(name: string): () => void {
    const count = running.get(name) ?? 0;
    if (count >= mostAtOnce) {
      const detail = `This key already runs ${mostAtOnce} exports. Wait until one of them ends.`;
      throw new Problem(429, detail, { headers: { 'retry-after': String(retryAfterSeconds) } });
    }
    running.set(name, count + 1);
    return () => {
      const left = (running.get(name) ?? 1) - 1;
      if (left === 0) running.delete(name);
      else running.set(name, left);
    };
  }

  /** A failure after the first piece cannot become an error status any more: it cuts the answer off, and is logged. */
  async function* watched(caller: Caller, pieces: Pieces, end: () => void): AsyncGenerator<string> {
    const own = asNow(db);
    let checkedAt = performance.now();
    let answered = false;
    try {
      for await (const piece of pieces(own)) {
        yield piece;
        answered = true;
        if (performance.now() - checkedAt < checkEveryMs) continue;
        if (!(await recheckCredentials(own, caller))) throw new Error('the key or link of this export is no longer valid');
        checkedAt = performance.now();
      }
    } catch (error) {
      if (answered) log.error({ err: error }, 'api.export_failed');
      throw error;
    } finally {
      end();
    }
  }

  return async (caller, format, pieces) => {
    const stream = await begun(watched(caller, pieces, begin(nameOf(caller))));
    return { status: 200, text: null, type: exportTypes[format], stream };
  };
}

/**
 * A `db` that keeps the current tenant scope: the stream is read after the handler has returned, and must still see
 * only the caller's tenant.
 */
function asNow(db: Querying): Querying {
  return { query: AsyncLocalStorage.bind((query: Parameters<Db['query']>[0]) => db.query(query)) as Db['query'] };
}
