// Reads what a form is about to replace. While Posthorn is away it waits, as the change itself would.
import { connection } from './connection.ts';
import { isPassing } from './queries.ts';

export async function readNow<T>(read: () => Promise<T>): Promise<T> {
  try {
    return await read();
  } catch (error) {
    if (connection.get() === 'ok' || !isPassing(error)) throw error;
    await connection.isBack();
    return read();
  }
}
