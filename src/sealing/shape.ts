// Encrypts shapes at rest, with the settings of the endpoint that they were made of, and makes their ids.
import { createHmac } from 'node:crypto';
import { boundTemplate, hideTransform, type Transform } from '#domain/endpoints/endpoint-transform';
import type { Pin } from '#domain/shaping/pins';
import type { Shape } from '#domain/shaping/shape';
import type { Vault } from './vault.ts';

export interface SealedShape {
  /** A UUID. */
  id: string;
  sealed: Uint8Array;
  isWhole: boolean;
  /** Event types whose version it pins. */
  pinned: string[];
}

/** The settings of an endpoint that decide its shape. */
export interface Shaping {
  transform: Transform | null;
  /** Pinned versions by event type. */
  versions: Record<string, number> | null;
}

export interface OpenedShape extends Shaping {
  shape: Shape;
}

/** `pins`: what the versions are pinned to, with the converters of now. Null: bodies are sent as they were accepted. */
export function sealShape(
  vault: Pick<Vault, 'seal' | 'derive'>,
  endpointId: string,
  { transform, versions }: Shaping,
  pins: Record<string, Pin> = {},
): SealedShape | null {
  if (transform === null && versions === null) return null;
  const shape: Shape = { layout: 1, ...(transform && { template: boundTemplate(transform) }), ...(versions && { pins }) };
  const opened: OpenedShape = { shape, transform, versions };
  const text = JSON.stringify(opened);
  const id = idOfContent(vault, endpointId, text);
  const sealed = vault.seal(Buffer.from(text), contextOfShape(id));
  return { id, sealed, isWhole: transform !== null, pinned: Object.keys(versions ?? {}) };
}

/** The shape as the API shows what it makes: with its secret masked. */
export function maskedShape({ shape, transform }: OpenedShape): Shape {
  return transform && 'routingKey' in transform ? { ...shape, template: boundTemplate(hideTransform(transform)) } : shape;
}

/** Throws VaultError. */
export function openShape(vault: Pick<Vault, 'open'>, id: string, sealed: Uint8Array): OpenedShape {
  const { versions = null, ...opened } = JSON.parse(Buffer.from(vault.open(sealed, contextOfShape(id))).toString());
  return { ...opened, versions };
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
