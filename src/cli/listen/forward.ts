// Forwards one request to the receiver of a developer: the same headers and bytes, and the answer as the receiver gave it.
import { type ClientRequest, type IncomingMessage, request as requestHttp } from 'node:http';
import { request as requestHttps } from 'node:https';
import { type ListenAnswer, type ListenedRequest, mostAnswerBytes } from '#domain/endpoints/listen';

export interface ForwardOptions {
  to: URL;
  /** The certificate of the receiver is not checked. */
  insecure: boolean;
}

/** Answers of more headers are cut. */
const mostHeaders = 200;
const mostHeaderText = 16_384;
/** What is read of an answer: more of it would not be kept. */
const mostRead = 16 * 1024 * 1024;
/** The answer must reach Posthorn within the time of the attempt. */
const marginMs = 250;

/** Never rejects: that there is no answer is an answer, too. */
export async function forward(asked: ListenedRequest, { to, insecure }: ForwardOptions): Promise<ListenAnswer> {
  const began = performance.now();
  const target = to.host;
  const timer = new AbortController();
  const deadline = setTimeout(() => timer.abort(), Math.max(1, asked.timeoutMs - marginMs));
  try {
    const response = await send(asked, to, insecure, timer.signal);
    const { body, truncated } = await bodyOf(response);
    return {
      target,
      status: Math.max(200, response.statusCode ?? 502),
      headers: headersOf(response),
      body: body.toString('base64'),
      bodyTruncated: truncated,
      totalMs: performance.now() - began,
    };
  } catch (error) {
    return { target, totalMs: performance.now() - began, error: timer.signal.aborted ? late : failureOf(error) };
  } finally {
    clearTimeout(deadline);
  }
}

const late = { code: 'ETIMEDOUT', message: 'the receiver did not answer in time' };

function send(asked: ListenedRequest, to: URL, insecure: boolean, signal: AbortSignal): Promise<IncomingMessage> {
  const body = Buffer.from(asked.body, 'base64');
  // in one list, so that order and case stay as they are
  const headers = [['host', to.host], ...asked.headers, ['content-length', String(body.length)]].flat();
  return new Promise((resolve, reject) => {
    const options = { method: 'POST', headers, signal, agent: false as const };
    const began: ClientRequest =
      to.protocol === 'https:' ? requestHttps(to, { ...options, rejectUnauthorized: !insecure }) : requestHttp(to, options);
    began.on('response', resolve).on('error', reject).end(body);
  });
}

async function bodyOf(response: IncomingMessage): Promise<{ body: Buffer; truncated: boolean }> {
  const parts: Buffer[] = [];
  let kept = 0;
  let read = 0;
  for await (const chunk of response as AsyncIterable<Buffer>) {
    read += chunk.length;
    if (kept < mostAnswerBytes) parts.push(chunk.subarray(0, mostAnswerBytes - kept));
    kept = Math.min(mostAnswerBytes, kept + chunk.length);
    if (read > mostRead) break;
  }
  return { body: Buffer.concat(parts), truncated: read > kept };
}

function headersOf({ rawHeaders }: IncomingMessage): [string, string][] {
  const pairs = Array.from({ length: rawHeaders.length / 2 }, (_, at): [string, string] => [
    (rawHeaders[2 * at] ?? '').slice(0, mostHeaderText),
    (rawHeaders[2 * at + 1] ?? '').slice(0, mostHeaderText),
  ]);
  return pairs.slice(0, mostHeaders);
}

function failureOf(error: unknown): { code: string; message: string } {
  const first = error instanceof AggregateError ? (error.errors[0] as unknown) : error;
  const code = first instanceof Error && 'code' in first && typeof first.code === 'string' ? first.code : 'UNKNOWN';
  const message = first instanceof Error ? first.message : String(first);
  return { code: /^[A-Z0-9_]{1,60}$/.test(code) ? code : 'UNKNOWN', message: message.slice(0, 300) };
}

/** `localhost:3000/hook`, `3000` or a URL. Null: not readable. */
export function targetOf(text: string): URL | null {
  const full = /^\d+$/.test(text) ? `http://localhost:${text}/` : /^[a-z][a-z\d+.-]*:\/\//i.test(text) ? text : `http://${text}`;
  if (!URL.canParse(full)) return null;
  const url = new URL(full);
  return /^https?:$/.test(url.protocol) && url.username === '' && url.hash === '' ? url : null;
}
