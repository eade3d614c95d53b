// The extension `x-posthorn` of OpenAPI and AsyncAPI documents: settings of a type for which they have no field.
import { z } from 'zod';
import { newEventType, type TypeSettings, typeVersion, usualSettings } from '../catalogue/event-type.ts';
import { settingsInUtc } from '../catalogue/settings-in-utc.ts';
import type { DocumentFault } from './catalogue-type.ts';
import { issueFaults } from './document-faults.ts';
import { extensionName } from './envelope.ts';

const { group, owner, tags, visibility, validation, deprecatedAt, sunsetAt } = newEventType.shape;
const extension = z.strictObject({
  version: typeVersion.optional(),
  group,
  owner,
  tags,
  visibility,
  validation,
  deprecatedAt,
  sunsetAt,
});

export interface ReadExtension {
  version: number | undefined;
  settings: Partial<TypeSettings>;
  faults: DocumentFault[];
}

/** `at`: of the object that has the extension. */
export function readExtension(value: unknown, at: string): ReadExtension {
  if (value === undefined) return { version: undefined, settings: {}, faults: [] };
  const read = extension.safeParse(value);
  if (!read.success) {
    const faults = issueFaults(read.error.issues).map(({ pointer, message }) => ({ pointer: `${at}/${extensionName}${pointer}`, message }));
    return { version: undefined, settings: {}, faults };
  }
  const { version, ...settings } = read.data;
  return { version, settings: settingsInUtc(settings), faults: [] };
}

/** What consumers may know of it: not who is responsible, nor what happens to a producer's events. */
export function publicExtensionOf({ group, deprecatedAt, sunsetAt }: TypeSettings, version: number | null) {
  const {
    visibility: _visibility,
    validation: _validation,
    ...rest
  } = extensionOf({ ...usualSettings, group, deprecatedAt, sunsetAt }, version);
  return rest;
}

export function extensionOf({ description: _description, ...settings }: TypeSettings, version: number | null): Record<string, unknown> {
  const set = Object.entries(settings).filter(([, value]) => value !== null && !(Array.isArray(value) && value.length === 0));
  return { ...(version !== null && { version }), ...Object.fromEntries(set) };
}
