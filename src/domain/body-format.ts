// How an event's body is written for an endpoint.
import { z } from 'zod';

export const bodyFormats = ['standard', 'raw', 'cloudevents', 'cloudevents-binary', 'form', 'xml'] as const;
export type BodyFormat = (typeof bodyFormats)[number];

export const bodyFormat = z.enum(bodyFormats).describe('how the body is written (docs/formats.md)');
