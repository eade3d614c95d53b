// Requests and answers as they are stored on their way: encrypted, and bound to the id of the request.
import type { ListenAnswer } from '#domain/endpoints/listen';
import type { Vault } from '#sealing/vault';

export interface PassedContent {
  headers: [string, string][];
  body: Uint8Array;
}

export function sealRequest(vault: Pick<Vault, 'seal'>, id: string, { headers, body }: PassedContent): Uint8Array {
  const head = Buffer.from(JSON.stringify(headers));
  const length = Buffer.alloc(4);
  length.writeUInt32BE(head.length);
  return vault.seal(Buffer.concat([length, head, body]), `listen request ${id}`);
}

/** Throws VaultError. */
export function openRequest(vault: Pick<Vault, 'open'>, id: string, sealed: Uint8Array): PassedContent {
  const plain = Buffer.from(vault.open(sealed, `listen request ${id}`));
  const end = 4 + plain.readUInt32BE(0);
  return { headers: JSON.parse(plain.toString('utf8', 4, end)), body: plain.subarray(end) };
}

export function sealAnswer(vault: Pick<Vault, 'seal'>, id: string, answer: ListenAnswer): Uint8Array {
  return vault.seal(Buffer.from(JSON.stringify(answer)), `listen answer ${id}`);
}

/** Throws VaultError. */
export function openAnswer(vault: Pick<Vault, 'open'>, id: string, sealed: Uint8Array): ListenAnswer {
  return JSON.parse(Buffer.from(vault.open(sealed, `listen answer ${id}`)).toString());
}
