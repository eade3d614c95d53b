// A Db that records the names of its statements, so that a test can count them.
import type { Db } from '#db/store/pool';

export interface CountedDb {
  db: Db;
  /** Names of the statements sent since the last call, in their order; of those without a name, their text. */
  taken(): string[];
}

export function countStatements(db: Db): CountedDb {
  let names: string[] = [];
  const query = (...args: unknown[]) => {
    const [first] = args;
    const { name, text } = first as { name?: string; text?: string };
    names.push(name ?? text ?? String(first));
    return (db.query as (...args: unknown[]) => unknown).apply(db, args);
  };
  return {
    db: { query: query as Db['query'], connect: db.connect.bind(db) },
    taken() {
      const before = names;
      names = [];
      return before;
    },
  };
}
