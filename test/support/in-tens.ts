// Makes many of something, ten at a time: those that wait for the same row of PostgreSQL hold a connection each.
export async function inTens(count: number, make: (n: number) => Promise<unknown>): Promise<void> {
  for (let from = 0; from < count; from += 10)
    await Promise.all(Array.from({ length: Math.min(10, count - from) }, (_, n) => make(from + n)));
}
