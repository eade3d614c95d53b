// Exports are long: two at once for each caller in this process, and each goes on only as long as its caller may still ask for it and is there to read it.
import { AsyncLocalStorage } from 'node:async_hooks';
import { recheckCredentials } from '#db/access/recheck-credentials';
import type { Db } from '#db/store/pool';
import type { Caller } from '#domain/access';
import { begun, type ExportFormat, exportTypes } from '#exports/export-lines';
import { nameOf } from '../access/auth.ts';
import { Problem } from '../http/problem.ts';
import type { Answer } from '../http/route.ts';
import type { ApiDeps } from './deps.ts';

type Querying = Pick<Db, 'query'>;
type Pieces = (db: Querying) => AsyncGenerator<string>;

/** Answers with the pieces, the first of which are there by then. Throws a 429. */
export type StreamExport = (caller: Caller, format: ExportFormat, pieces: Pieces) => Promise<Answer>;

const mostAtOnce = 2;
const retryAfterSeconds = 10;

/** `checkEveryMs`: how long a key that was revoked is believed, as for every other call. */
export function createExports({ db, log }: Pick<ApiDeps, 'db' | 'log'>, checkEveryMs = 5_000): StreamExport {
  const running = new Map<string, number>();

  function begin(name: string): () => void {
    const count = running.get(name) ?? 0;
    if (count >= mostAtOnce) {
      const detail = `${mostAtOnce} exports of this key run already: wait until one of them has ended.`;
      throw new Problem(429, detail, { headers: { 'retry-after': String(retryAfterSeconds) } });
    }
    running.set(name, count + 1);
    return () => {
      const left = (running.get(name) ?? 1) - 1;
      if (left === 0) running.delete(name);
      else running.set(name, left);
    };
  }

  /** What fails halfway cannot be answered any more: the answer ends without its end, and the log says why. */
  async function* watched(caller: Caller, pieces: Pieces, end: () => void): AsyncGenerator<string> {
    const own = asNow(db);
    let checkedAt = performance.now();
    let answered = false;
    try {
      for await (const piece of pieces(own)) {
        yield piece;
        answered = true;
        if (performance.now() - checkedAt < checkEveryMs) continue;
        if (!(await recheckCredentials(own, caller))) throw new Error('the key or link of this export counts no longer');
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

/** The store as it is seen from here: what is read when the handler is over is read as its caller, too. */
function asNow(db: Querying): Querying {
  return { query: AsyncLocalStorage.bind((query: Parameters<Db['query']>[0]) => db.query(query)) as Db['query'] };
}
