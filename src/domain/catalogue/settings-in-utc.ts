// The settings of a request or a document without those that are absent, and with their instants in UTC.
import { normalInstant } from '../events/event.ts';
import type { TypeSettings } from './event-type.ts';

export function settingsInUtc(given: { [name in keyof TypeSettings]?: TypeSettings[name] | undefined }): Partial<TypeSettings> {
  const settings = Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined)) as Partial<TypeSettings>;
  for (const name of ['deprecatedAt', 'sunsetAt'] as const) {
    const at = settings[name];
    if (typeof at === 'string') settings[name] = normalInstant(at);
  }
  return settings;
}
