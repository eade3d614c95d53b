// What the form of the settings holds, and what of it is sent.
import type { EventType, EventTypeChange, Strictness, Visibility } from '@posthorn/client';

/** Texts as the inputs hold them; times in UTC, to the minute. */
export interface SettingsDraft {
  description: string;
  group: string;
  owner: string;
  tags: string;
  validation: Strictness;
  visibility: Visibility;
  deprecatedAt: string;
  sunsetAt: string;
}

export function draftOf({ description, group, owner, tags, validation, visibility, deprecatedAt, sunsetAt }: EventType): SettingsDraft {
  return {
    description,
    group: group ?? '',
    owner: owner ?? '',
    tags: tags.join(', '),
    validation,
    visibility,
    deprecatedAt: deprecatedAt?.slice(0, 16) ?? '',
    sunsetAt: sunsetAt?.slice(0, 16) ?? '',
  };
}

/** Only what was changed: a time keeps its seconds when nobody touched it. */
export function changeOf(draft: SettingsDraft, type: EventType): EventTypeChange {
  const before = draftOf(type);
  const time = (text: string) => (text === '' ? null : `${text}:00Z`);
  const all: { [Name in keyof SettingsDraft]: EventTypeChange[Name] } = {
    description: draft.description,
    group: draft.group.trim() || null,
    owner: draft.owner.trim() || null,
    tags: draft.tags
      .split(',')
      .map((tag) => tag.trim())
      .filter(Boolean),
    validation: draft.validation,
    visibility: draft.visibility,
    deprecatedAt: time(draft.deprecatedAt),
    sunsetAt: time(draft.sunsetAt),
  };
  const names = (Object.keys(all) as (keyof SettingsDraft)[]).filter((name) => draft[name] !== before[name]);
  return Object.fromEntries(names.map((name) => [name, all[name]]));
}
