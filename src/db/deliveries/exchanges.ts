// Encrypts and decrypts the exchange of an attempt: the facts about its request, and the response.
// Both are one encrypted value, so an erasure deletes both. Called to record and to list attempts.

import type { SendResult } from '#domain/deliveries/outcome';
import type { BodyFormat } from '#domain/events/body-format';
import type { TraceContext } from '#domain/events/trace-context';
import type { SentRequest } from '#domain/views/sent-request';
import type { Content, ContentEncryption } from '../keys/content-encryption.ts';

interface Attempted {
  attemptId: string;
  deliveryId: string;
  sent?: SentRequest | undefined;
  result: SendResult;
}

/** Encrypts the exchange of each attempt; null: nothing of it is known. */
export function encryptExchanges(
  contents: Pick<ContentEncryption, 'seal'>,
  attempts: (Attempted | null)[],
): Promise<(Uint8Array | null)[]> {
  return contents.seal(attempts.map((attempt) => attempt && contentOf(attempt)));
}

/** Two lines of JSON, then the response's body. Without a response only the first line, and no line feed. */
function contentOf({ attemptId, deliveryId, sent, result: { response } }: Attempted): Content | null {
  const isStored = response !== null && response.headers.length + response.bodyStart.length > 0;
  if (!isStored && !sent) return null;
  const request = sent ? JSON.stringify(packed(sent)) : '';
  // JSON has no raw line feed
  const plain = isStored
    ? Buffer.concat([Buffer.from(`${request}\n${JSON.stringify(response.headers)}\n`), response.bodyStart])
    : Buffer.from(request);
  return { ofDay: deliveryId, context: attemptId, plain };
}

export interface StoredExchange {
  sent: SentRequest | null;
  response: { headers: [string, string][]; body: Uint8Array } | null;
}

/** Throws VaultError. */
export async function decryptExchange(
  contents: Pick<ContentEncryption, 'open'>,
  attemptId: string,
  sealed: Uint8Array,
): Promise<StoredExchange> {
  const plain = Buffer.from(await contents.open(attemptId, sealed));
  const end = plain.indexOf(10);
  const request = plain.subarray(0, end < 0 ? plain.length : end).toString();
  const sent = request === '' ? null : unpacked(JSON.parse(request));
  if (end < 0) return { sent, response: null };
  const headersEnd = plain.indexOf(10, end + 1);
  const headers = JSON.parse(plain.subarray(end + 1, headersEnd).toString());
  return { sent, response: { headers, body: plain.subarray(headersEnd + 1) } };
}

/**
 * Short, since it is stored for each attempt. A single `webhook-signature` is only its value. `rest` is left out if the
 * body is standard, the request was sent alone, no replay and without a trace, and the endpoint is not ordered.
 */
type Packed = [
  layout: 1,
  targetVersion: number,
  userAgent: string,
  bytes: number,
  sha256: string,
  signatures: string | Record<string, string>,
  rest?: { format?: BodyFormat; sequence?: number; replay?: number; batch?: NonNullable<SentRequest['batch']>; trace?: TraceContext },
];

const usualSignature = 'webhook-signature';

function packed({ targetVersion, userAgent, body, format, signatures, sequence, replay, batch, trace }: SentRequest): Packed {
  const [name, ...others] = Object.keys(signatures);
  const short = name === usualSignature && others.length === 0 ? (signatures[name] ?? '') : signatures;
  const usual = [1, targetVersion, userAgent, body.bytes, body.sha256, short] as const;
  if (format === 'standard' && sequence === null && replay === null && batch === null && trace === undefined) return [...usual];
  return [
    ...usual,
    {
      format,
      ...(sequence !== null && { sequence }),
      ...(replay !== null && { replay }),
      ...(batch && { batch }),
      ...(trace !== undefined && { trace }),
    },
  ];
}

function unpacked([, targetVersion, userAgent, bytes, sha256, signatures, rest]: Packed): SentRequest {
  return {
    targetVersion,
    userAgent,
    body: { bytes, sha256 },
    format: rest?.format ?? 'standard',
    signatures: typeof signatures === 'string' ? { [usualSignature]: signatures } : signatures,
    sequence: rest?.sequence ?? null,
    replay: rest?.replay ?? null,
    batch: rest?.batch ?? null,
    ...(rest?.trace !== undefined && { trace: rest.trace }),
  };
}
