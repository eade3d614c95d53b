// Messages for chats: the presets of the API as a form, and what they look like.
import type { PresetField, Transform } from '@posthorn/client';

export const chats = ['slack', 'discord', 'teams'] as const;
export type Chat = (typeof chats)[number];

/** `server`: a server of the consumer. `other`: a transform that the form does not show, which stays as it is. */
export type Receiver = 'server' | Chat | 'other';

export interface PresetDraft {
  title: string;
  text: string;
  fields: (PresetField & { id: number })[];
  link: string;
  /** Options that the form does not show, such as the colour of Discord. */
  others: Record<string, unknown>;
}

const isChat = (name: string): name is Chat => chats.some((one) => one === name);

export function receiverOf(transform: Transform | null): Receiver {
  if (!transform) return 'server';
  return 'preset' in transform && isChat(transform.preset) ? transform.preset : 'other';
}

export function presetDraftOf(transform: Transform | null): PresetDraft {
  if (!transform || !('preset' in transform) || transform.preset === 'pagerduty')
    return { title: '', text: '', fields: [], link: '', others: {} };
  const { preset: _, title = '', text = '', fields = [], link = '', ...others } = transform;
  return { title, text, link, fields: fields.map((field, id) => ({ ...field, id })), others };
}

/** Fields without label and value are left out. */
export function transformOf(preset: Chat, { title, text, fields, link, others }: PresetDraft): Transform {
  const given = fields.filter(({ label, value }) => label !== '' || value !== '').map(({ label, value }) => ({ label, value }));
  return {
    preset,
    ...(preset === 'discord' && others),
    ...(title !== '' && { title }),
    ...(text !== '' && { text }),
    ...(given.length > 0 && { fields: given }),
    ...(link !== '' && { link }),
  };
}

/** The chat that an address belongs to; null: none that is known. */
export function chatOf(url: string): Chat | null {
  const host = URL.parse(url)?.hostname ?? '';
  if (host === 'hooks.slack.com') return 'slack';
  if (/(^|\.)discord(app)?\.com$/.test(host)) return 'discord';
  return /(^|\.)(logic\.azure\.com|webhook\.office\.com|powerplatform\.com)$/.test(host) ? 'teams' : null;
}

export interface ChatMessage {
  title: string;
  text: string;
  fields: { label: string; value: string }[];
  link: string;
}

type Json = Record<string, unknown>;
const list = (value: unknown): Json[] => (Array.isArray(value) ? value : []);
const text = (value: unknown): string => (typeof value === 'string' ? value : '');
const at = (value: unknown, name: string): unknown => (typeof value === 'object' && value !== null ? (value as Json)[name] : undefined);

/** What the receiver shows of a body that a preset made. */
export function messageOf(preset: Chat, body: unknown): ChatMessage {
  if (preset === 'slack') return slackMessage(list(at(body, 'blocks')));
  return preset === 'discord' ? discordMessage(list(at(body, 'embeds'))[0]) : teamsMessage(at(list(at(body, 'attachments'))[0], 'content'));
}

function slackMessage(blocks: Json[]): ChatMessage {
  const of = (type: string) => blocks.filter((block) => block.type === type);
  const fields = of('section').flatMap((block) => list(block.fields).map(({ text: given }) => text(given).split('\n')));
  return {
    title: text(at(of('header')[0]?.text, 'text')),
    text: text(at(of('section').find((block) => block.text)?.text, 'text')),
    fields: fields.map(([label = '', ...value]) => ({ label: label.replaceAll('*', ''), value: value.join('\n') })),
    link: text(list(of('actions')[0]?.elements)[0]?.url),
  };
}

function discordMessage(embed: unknown): ChatMessage {
  const fields = list(at(embed, 'fields')).map(({ name, value }) => ({ label: text(name), value: text(value) }));
  return { title: text(at(embed, 'title')), text: text(at(embed, 'description')), fields, link: text(at(embed, 'url')) };
}

function teamsMessage(card: unknown): ChatMessage {
  const body = list(at(card, 'body'));
  const blocks = body.filter(({ type }) => type === 'TextBlock').map((block) => text(block.text));
  const facts = body.flatMap((part) => list(part.facts)).map(({ title, value }) => ({ label: text(title), value: text(value) }));
  // the last block says type, time and id
  return { title: blocks[0] ?? '', text: blocks.slice(1, -1).join('\n'), fields: facts, link: text(list(at(card, 'actions'))[0]?.url) };
}
