// Reads what a form is about to replace. While Posthorn is away it waits, as the change itself would. When another person has signed
// in meanwhile, it gives the order up: the change would be made by that person.
import { connection } from './connection.ts';
import { credential, type Holder } from './credential.ts';
import { giveUp } from './not-sent.ts';
import { againAfterMs, isLate, isPassing } from './queries.ts';

export async function readNow<T>(read: () => Promise<T>): Promise<T> {
  const asker = credential.holder();
  const departure = departureOf(asker);
  const now = await Promise.race([readWhenBack(read, asker), departure.happens]).finally(departure.forget);
  return now === 'left' || asker !== credential.holder() ? giveUp(asker, false) : now.read;
}

async function readWhenBack<T>(read: () => Promise<T>, asker: Holder, late = 0): Promise<{ read: T } | 'left'> {
  try {
    return { read: await read() };
  } catch (error) {
    const isAgain = isLate(late, error);
    if (!isAgain && (connection.get() === 'ok' || !isPassing(error))) throw error;
    await (isAgain ? new Promise((resolve) => setTimeout(resolve, againAfterMs(late))) : connection.isBack());
    return asker === credential.holder() ? readWhenBack(read, asker, isAgain ? late + 1 : 0) : 'left';
  }
}

/** A read that waits for a sign-in is never answered after that of somebody else. */
function departureOf(asker: Holder) {
  const { promise: happens, resolve } = Promise.withResolvers<'left'>();
  const forget = credential.subscribe(() => asker !== credential.holder() && resolve('left'));
  return { happens, forget: () => void forget() };
}
