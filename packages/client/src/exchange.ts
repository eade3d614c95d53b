// One request and its answer, within a timeout.

export type Method = 'GET' | 'POST' | 'PATCH' | 'DELETE';
export type Fetch = (url: string, init: RequestInit) => Promise<Response>;

export interface Prepared {
  url: string;
  method: Method;
  body: string | null;
  headers: Record<string, string>;
  timeoutMs: number;
  signal: AbortSignal | undefined;
  fetch: Fetch | undefined;
}

export interface Answered {
  response: Response;
  text: string;
}

export type Exchange = (prepared: Prepared) => Promise<Answered>;

/** The answer with its whole body. */
export async function wholeAnswer(prepared: Prepared): Promise<Answered> {
  const { signal, done } = limited(prepared);
  try {
    const response = await send(prepared, signal);
    return { response, text: await response.text() };
  } finally {
    done();
  }
}

/** The answer before its body is read; the timeout is over then. Of a refusal the whole. */
export async function begunAnswer(prepared: Prepared): Promise<Answered> {
  const { signal, stopTimer, done } = limited(prepared);
  const response = await send(prepared, signal).catch((error) => {
    done();
    throw error;
  });
  stopTimer();
  return { response, text: response.ok ? '' : await response.text().finally(done) };
}

function send({ url, method, body, headers, fetch: own }: Prepared, signal: AbortSignal): Promise<Response> {
  const init: RequestInit = { method, headers, body, signal, redirect: 'manual' };
  return own ? own(url, init) : fetch(url, init);
}

/** A signal that also ends after the timeout. Not AbortSignal.any: the signal of a caller may live for ever. */
function limited({ timeoutMs, signal: outer }: Prepared): { signal: AbortSignal; stopTimer(): void; done(): void } {
  const own = new AbortController();
  const timer = setTimeout(() => own.abort(new Error(`no answer within ${timeoutMs} ms`)), timeoutMs);
  const abort = () => own.abort(outer?.reason);
  if (outer?.aborted) abort();
  outer?.addEventListener('abort', abort, { once: true });
  const stopTimer = () => clearTimeout(timer);
  return {
    signal: own.signal,
    stopTimer,
    done() {
      stopTimer();
      outer?.removeEventListener('abort', abort);
    },
  };
}
