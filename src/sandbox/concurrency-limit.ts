// Limits how many calls of a function run at once. Further calls queue, up to a limit; the rest
// fail. The sandbox is open to anyone, and its queries must not use up the PostgreSQL connections
// of the API.

export class TooManyCalls extends Error {
  override readonly name = 'TooManyCalls';
}

/**
 * Throws TooManyCalls when the queue is full.
 * @example const limited = limitConcurrency({ running: 4, waiting: 100 }, loadSigning);
 */
export function limitConcurrency<A extends unknown[], T>(
  { running: maxRunning, waiting: maxWaiting }: { running: number; waiting: number },
  call: (...args: A) => Promise<T>,
): (...args: A) => Promise<T> {
  const waiting: (() => void)[] = [];
  let running = 0;

  return async (...args) => {
    if (running >= maxRunning) {
      if (waiting.length >= maxWaiting) throw new TooManyCalls('too many calls are waiting');
      // a call that ends passes its slot to the next one
      await new Promise<void>((resolve) => waiting.push(resolve));
    } else running++;
    try {
      return await call(...args);
    } finally {
      const next = waiting.shift();
      if (next) next();
      else running--;
    }
  };
}
