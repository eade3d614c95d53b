// Converters of an event type: the requests that write them, and how the API shows them.
import { z } from 'zod';
import { steps } from '../shaping/converter.ts';
import { typeVersion } from './event-type.ts';

export const converter = z.strictObject({
  from: typeVersion.describe('version of the events that are converted'),
  to: typeVersion.describe('version that it makes of them'),
  steps,
});
