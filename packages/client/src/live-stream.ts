// posthorn.stream: changes as they happen. Connects again by itself, from where it was.
import type { Alert, ChangedDelivery, ChangedEndpoint, StreamQuery } from './api-types.ts';
import { PosthornConnectionError, PosthornProblem } from './problem.ts';
import type { CallOptions, Requester } from './request.ts';
import { pause } from './retries.ts';
import { readEvents, StreamSilent } from './server-sent-events.ts';

interface Reason {
  reason: string;
  message: string;
}

export type Change =
  | { kind: 'delivery'; data: ChangedDelivery; id: string | null }
  | { kind: 'alert'; data: Alert; id: string | null }
  | { kind: 'endpoint'; data: ChangedEndpoint; id: string | null }
  /** Changes may be missing: load again what you show. */
  | { kind: 'reset'; data: Reason; id: string | null };

export interface StreamOptions extends CallOptions {
  /** Continue after this id of an earlier stream. */
  lastEventId?: string;
  /** Connects again when nothing has arrived for so long. Default: 40 s; Posthorn sends something every 15 s. `Infinity`: never. */
  silentForMs?: number;
}

/** Others, of later versions, are passed over. */
const kinds: ReadonlySet<string> = new Set<Change['kind']>(['delivery', 'alert', 'endpoint', 'reset']);
const reconnectAfterMs = 1_000;
const usualSilentForMs = 40_000;

/** Ends only by `break`, by the signal, or with a problem that no other try can change, such as a revoked key. */
export async function* changes(
  api: Requester,
  query: StreamQuery,
  { lastEventId, silentForMs = usualSilentForMs, headers, ...options }: StreamOptions,
): AsyncGenerator<Change, void, undefined> {
  let id = lastEventId ?? null;
  for (;;) {
    const resume: Record<string, string> = id === null ? {} : { 'last-event-id': id };
    const spec = { query: { ...query }, accept: 'text/event-stream' };
    try {
      const { body, headers: answered } = await api.stream('/v1/stream', spec, { ...options, headers: { ...headers, ...resume } });
      const type = answered.get('content-type');
      if (!body || !type?.startsWith('text/event-stream')) throw new Error(`the answer is no stream of events but ${type}`);
      for await (const { event, data, id: last } of readEvents(body, silentForMs)) {
        id = last ?? id;
        if (kinds.has(event)) yield { kind: event, data: JSON.parse(data), id } as Change;
      }
    } catch (error) {
      options.signal?.throwIfAborted();
      const isFinal = error instanceof PosthornProblem && error.status < 500 && error.status !== 429;
      const isPassing = error instanceof PosthornProblem || error instanceof PosthornConnectionError || isBroken(error);
      if (isFinal || !isPassing) throw error;
    }
    await pause(reconnectAfterMs, options.signal);
  }
}

/** What `fetch` says of a body that broke off, a TypeError in all environments; or it has gone silent. */
function isBroken(error: unknown): boolean {
  return error instanceof TypeError || error instanceof StreamSilent || (error instanceof Error && error.name === 'NetworkError');
}
