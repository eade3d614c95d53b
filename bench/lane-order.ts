// Whether what was delivered came in order.
import type { Collected } from './messages.ts';

/** Says whether first acceptances came in the order of the events, within each of so many keys. */
export function orderTold(prefix: string, { ids, deliveredAt }: Collected, keys: number): string {
  const byTime = ids
    .map((id, index) => ({ n: Number(id.slice(prefix.length + 1)), at: deliveredAt[index] ?? Number.NaN }))
    .filter(({ at }) => !Number.isNaN(at))
    .sort((a, b) => a.at - b.at);
  const last = new Map<number, number>();
  let wrong = 0;
  for (const { n } of byTime) {
    if (n < (last.get(n % keys) ?? -1)) wrong += 1;
    else last.set(n % keys, n);
  }
  return wrong === 0 ? `all in order${keys > 1 ? ` of their ${keys} keys` : ''}` : `${wrong} OUT OF ORDER`;
}
