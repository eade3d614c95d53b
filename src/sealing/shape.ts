// Encrypts shapes at rest, with the settings of the endpoint that they were made of, and makes their ids.
import { createHmac } from 'node:crypto';
import { boundTemplate, type Transform } from '#domain/endpoints/endpoint-transform';
import type { Shape } from '#domain/shaping/shape';
import type { Vault } from './vault.ts';

export interface SealedShape {
  /** A UUID. */
  id: string;
  sealed: Uint8Array;
  isWhole: boolean;
}

/** The settings of an endpoint that decide its shape. */
export interface Shaping {
  transform: Transform | null;
}

export interface OpenedShape extends Shaping {
  shape: Shape;
}

/** Null: bodies are sent as they were accepted. */
export function sealShape(vault: Pick<Vault, 'seal' | 'derive'>, endpointId: string, { transform }: Shaping): SealedShape | null {
  if (transform === null) return null;
  const opened: OpenedShape = { shape: { layout: 1, template: boundTemplate(transform) }, transform };
  const text = JSON.stringify(opened);
  const id = idOfContent(vault, endpointId, text);
  return { id, sealed: vault.seal(Buffer.from(text), contextOfShape(id)), isWhole: true };
}

/** Throws VaultError. */
export function openShape(vault: Pick<Vault, 'open'>, id: string, sealed: Uint8Array): OpenedShape {
  return JSON.parse(Buffer.from(vault.open(sealed, contextOfShape(id))).toString());
}

export function contextOfShape(id: string): string {
  return `shape ${id}`;
}

/**
 * The same content of the same endpoint has the same id, as long as the master key is the same. A UUID of version 8 (RFC
 * 9562), of 122 bits of a keyed hash: without the key nobody can try guesses.
 */
function idOfContent(vault: Pick<Vault, 'derive'>, endpointId: string, text: string): string {
  const [key] = vault.derive('ids of shapes');
  const hex = createHmac('sha256', key).update(`${endpointId}\n${text}`).digest('hex');
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-8${hex.slice(13, 16)}-8${hex.slice(17, 20)}-${hex.slice(20, 32)}`;
}
