// What a receiver says it did with a request, if it says so: by the header posthorn-receipt, or in
// the JSON answer of @posthorn/receiver.
import type { EndpointResponse } from '#domain/deliveries/outcome';

const receipts = ['new', 'duplicate', 'replay'] as const;
type Receipt = (typeof receipts)[number];

/** The counts in the answer of `@posthorn/receiver`, with what they mean. */
const counts: [name: string, receipt: Receipt][] = [
  ['accepted', 'new'],
  ['revived', 'replay'],
  ['duplicates', 'duplicate'],
];

/** Null: it says nothing. */
export function receiptOf({ headers, bodyStart }: Pick<EndpointResponse, 'headers' | 'bodyStart'>): Receipt | null {
  const header = headers.find(([name]) => name.toLowerCase() === 'posthorn-receipt')?.[1];
  if (header !== undefined) return receipts.find((one) => one === header) ?? null;
  const [, receipt = null] = counts.find(([name]) => countIn(bodyStart, name) > 0) ?? [];
  return receipt;
}

function countIn(body: Uint8Array, name: string): number {
  try {
    const parsed: unknown = JSON.parse(Buffer.from(body).toString());
    const isObject = typeof parsed === 'object' && parsed !== null;
    const value = isObject && counts.every(([one]) => one in parsed) ? (parsed as Record<string, unknown>)[name] : 0;
    return typeof value === 'number' ? value : 0;
  } catch {
    return 0;
  }
}
