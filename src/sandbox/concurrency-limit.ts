// So many calls of a function at once: more wait, so many of them, and the rest are refused. Anybody may post to the sandbox, and what it asks PostgreSQL for
// is not to take all connections from those who may call.

export function limitConcurrency<A extends unknown[], T>(
  { running: most, waiting: mostWaiting }: { running: number; waiting: number },
  call: (...args: A) => Promise<T>,
): (...args: A) => Promise<T> {
  const waiting: (() => void)[] = [];
  let running = 0;

  return async (...args) => {
    if (running >= most) {
      if (waiting.length >= mostWaiting) throw new Error('too many wait');
      // whoever ends hands its place on
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
