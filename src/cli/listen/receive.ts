// Holds the connection of `posthorn listen`, and connects again when it is lost. Passes each request on, and sends the answer
// back, which becomes the outcome of the attempt.
import { setTimeout as delay } from 'node:timers/promises';
import { PosthornProblem, StreamSilent } from '#client';
import type { ListenAnswer, ListenedRequest } from '#domain/endpoints/listen';
import type { Api } from '../connection/api.ts';
import { CommandFailed } from '../terminal/exit-codes.ts';

export interface Receiving {
  endpointId: string;
  /** Must not reject. */
  onRequest(request: ListenedRequest): Promise<ListenAnswer>;
  /** A request was answered. `isLate`: the attempt did not wait for it any more. */
  onAnswered(request: ListenedRequest, answer: ListenAnswer, isLate: boolean): void;
  onReady(): void;
  onLost(reason: string, againInMs: number): void;
  signal: AbortSignal;
}

/** The server says something every few seconds. */
const silentForMs = 20_000;
const firstWaitMs = 500;
const longestWaitMs = 10_000;

/** Resolves when the signal is aborted. Rejects if the API refuses, or another command has taken over. */
export async function receive(api: Api, given: Receiving): Promise<void> {
  const { signal, onLost } = given;
  for (let waitMs = firstWaitMs; !signal.aborted; waitMs = Math.min(longestWaitMs, waitMs * 2)) {
    const reason = await connect(api, given, () => {
      waitMs = firstWaitMs;
    });
    if (signal.aborted) return;
    onLost(reason, waitMs);
    await delay(waitMs, undefined, { signal }).catch(() => undefined);
  }
}

/** Resolves to the reason why the connection has ended. */
async function connect(api: Api, given: Receiving, connected: () => void): Promise<string> {
  try {
    for await (const { event, data } of api.events(`/v1/endpoints/${given.endpointId}/listen`, given.signal, silentForMs)) {
      if (event === 'ready') {
        connected();
        given.onReady();
      } else if (event === 'request') void pass(api, given, JSON.parse(data));
      else if (event === 'end') return endReason(JSON.parse(data));
    }
    return 'the server closed the connection';
  } catch (error) {
    if (error instanceof CommandFailed || isFinal(error)) throw error;
    if (error instanceof StreamSilent) return 'the connection went silent';
    return error instanceof Error ? error.message : String(error);
  }
}

function endReason({ reason, message }: { reason: string; message: string }): string {
  if (reason === 'stopping') return message;
  throw new CommandFailed(message);
}

/** Another try would be refused, too. */
function isFinal(error: unknown): boolean {
  return error instanceof PosthornProblem && error.status < 500 && error.status !== 429;
}

async function pass(api: Api, { endpointId, onRequest, onAnswered }: Receiving, request: ListenedRequest): Promise<void> {
  const answer = await onRequest(request);
  const isLate = await api.post(`/v1/endpoints/${endpointId}/listen/${request.id}`, answer).then(
    () => false,
    () => true,
  );
  onAnswered(request, answer, isLate);
}
