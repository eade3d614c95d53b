// Answers a sandbox request with one step of the script: a status, a delay, a reset, or a slow or
// endless body. Never takes longer than a minute.
import { setTimeout as wait } from 'node:timers/promises';
import type { Request, Response } from 'express';
import { longestStepMs, type StatusStep, type Step } from './script.ts';

export interface Pace {
  /** Milliseconds between the bytes of `drip`. */
  dripEveryMs: number;
  /** Maximum duration of `drip` and `endless`, in milliseconds. */
  longestMs: number;
}

export const defaultPace: Pace = { dripEveryMs: 1_000, longestMs: longestStepMs };

// With the pause below, about 6 MB/s at most. The sandbox is open to anyone and must not overload the machine.
const endlessChunk = Buffer.alloc(64 * 1024, '.');
const endlessPauseMs = 10;

/** The status that a step answers. Null: it resets the connection. */
export function statusOf(step: Step): number | null {
  if (step.kind === 'status') return step.status;
  return step.kind === 'reset' ? null : 200;
}

/** Resolves when the answer is complete or the client has disconnected. */
export async function answer(step: Step, request: Request, response: Response, pace: Pace): Promise<void> {
  const gone = new AbortController();
  response.once('close', () => gone.abort());
  if (response.destroyed) return;
  try {
    if (step.kind === 'reset') request.socket.resetAndDestroy();
    else if (step.kind === 'status') await answerStatus(step, response, gone.signal);
    else if (step.kind === 'drip')
      await stream(response, '.', { pauseMs: pace.dripEveryMs, longestMs: pace.longestMs, signal: gone.signal });
    else await stream(response, endlessChunk, { pauseMs: endlessPauseMs, longestMs: pace.longestMs, signal: gone.signal });
  } catch (error) {
    if (!gone.signal.aborted) throw error;
  }
}

async function answerStatus({ status, retryAfter, delayMs, body }: StatusStep, response: Response, signal: AbortSignal): Promise<void> {
  if (delayMs > 0) await wait(delayMs, undefined, { signal });
  response.status(status).type('text/plain');
  if (retryAfter?.as === 'seconds') response.set('retry-after', String(retryAfter.seconds));
  if (retryAfter?.as === 'date') response.set('retry-after', new Date(Date.now() + retryAfter.seconds * 1_000).toUTCString());
  response.end(body);
}

async function stream(
  response: Response,
  chunk: string | Buffer,
  { pauseMs, longestMs, signal }: { pauseMs: number; longestMs: number; signal: AbortSignal },
) {
  response.status(200).type('text/plain').flushHeaders();
  const end = Date.now() + longestMs;
  while (Date.now() < end) {
    // writes nothing while the client does not read, so that at most the socket buffers fill
    if (!response.writableNeedDrain) response.write(chunk);
    await wait(pauseMs, undefined, { signal });
  }
  response.end();
}
