// What a change of what an endpoint gets does: subscription, body, and what is only stored.
import type { Tell } from './change-effect.ts';

const existing = 'Deliveries that exist already are not affected.';
const bound = 'Deliveries that exist keep the body with which they were planned, also when they are retried or replayed.';
const stored = 'This is only stored and shown. Nothing about deliveries changes.';

const eventTypes: Tell<'eventTypes'> = (after) =>
  (after ?? []).length === 0
    ? `The endpoint gets events of all types from now on. ${existing}`
    : `The endpoint gets events of these types only, from now on. ${existing}`;

const channels: Tell<'channels'> = (after) =>
  (after ?? []).length === 0
    ? `The endpoint gets events whatever their channels are, from now on. ${existing}`
    : `The endpoint gets events only if they have one of these channels, from now on. ${existing}`;

const filter: Tell<'filter'> = (after) =>
  after === null
    ? `The content of events does not matter any more. ${existing}`
    : `The endpoint gets events only if their content matches, from now on. ${existing}`;

const format: Tell<'format'> = () => ({
  caution: 'Bodies are written in this format from the next attempt on, those of waiting deliveries, too. The receiver must understand it.',
});

const transform: Tell<'transform'> = (after) => ({
  caution: `${after === null ? 'Events that are accepted from now on are sent as they were accepted.' : 'Events that are accepted from now on get this body.'} ${bound}`,
});

const versions: Tell<'versions'> = (after) => ({
  caution: `${after === null ? 'Events are not converted any more.' : 'Events of these types are converted to the pinned versions, from now on.'} ${bound}`,
});

export const contentEffects = {
  eventTypes,
  channels,
  filter,
  format,
  transform,
  versions,
  description: (() => stored) as Tell<'description'>,
  metadata: (() => stored) as Tell<'metadata'>,
};
