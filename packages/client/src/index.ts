// @posthorn/client: the client of Posthorn's API.
export { inPath } from './address.ts';
export type * from './api-types.ts';
export { EventBatcher, type EventBatcherOptions, EventsNotAccepted, type Refused } from './event-batcher.ts';
export type { EventToSend } from './event-text.ts';
export type { Fetch, Method } from './exchange.ts';
export type { List, Page } from './list.ts';
export type { Change, StreamOptions } from './live-stream.ts';
export { Posthorn } from './posthorn.ts';
export { type Attempted, type FieldError, PosthornConnectionError, PosthornProblem } from './problem.ts';
export { type RawJson, rawJson } from './raw-json.ts';
export type { CallOptions, PosthornOptions, RequestSpec } from './request.ts';
export type { CommandOptions } from './resources/deliveries.ts';
export type { ExportLines } from './resources/logs.ts';
export type { ConsumeOptions, MissedBody, MissedEvent } from './resources/missed.ts';
export { readEvents, type ServerSentEvent, StreamSilent } from './server-sent-events.ts';
