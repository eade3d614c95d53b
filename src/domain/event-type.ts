// Names of event types (`resource.action`), the patterns that subscribe to them, and channels.
import { z } from 'zod';

export const eventTypeName = z
  .string()
  .max(128)
  .regex(/^[A-Za-z0-9_-]+(\.[A-Za-z0-9_-]+)*$/, 'words of A-Z a-z 0-9 _ - joined by dots, such as order.created');

export const eventTypePattern = z
  .string()
  .max(130)
  .regex(/^(\*|[A-Za-z0-9_-]+(\.[A-Za-z0-9_-]+)*(\.\*)?)$/, 'an event type, a prefix such as order.*, or *');

export const channel = z.string().regex(/^[A-Za-z0-9._:-]{1,128}$/, '1 to 128 of A-Z a-z 0-9 . _ : -');
