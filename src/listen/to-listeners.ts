// Sends the requests of an endpoint that `posthorn listen` has made: stores the request for the process that holds the
// command's connection, and waits for the answer. All other requests go to the sender.
import { randomUUID } from 'node:crypto';
import { endRequest, passRequest, type RequestState, readRequest } from '#db/listeners/listen-requests';
import type { Db } from '#db/store/pool';
import type { SendResult } from '#domain/deliveries/outcome';
import { isListenUrl } from '#domain/endpoints/listen';
import type { Timings } from '#domain/timings';
import { LocalFault, tooLate } from '#outbound/local-fault';
import { ownHeaders } from '#outbound/own-headers';
import type { Sender, SendRequest } from '#outbound/send';
import type { Vault } from '#sealing/vault';
import { type Answers, createAnswers } from './answers.ts';
import { answeredResult, unanswered } from './listen-result.ts';
import { openAnswer, sealRequest } from './sealed-messages.ts';

export interface ToListenersDeps {
  db: Db;
  vault: Pick<Vault, 'seal' | 'open'>;
  sender: Pick<Sender, 'send' | 'userAgent'>;
  timings: Timings['listen'];
}

export interface ToListeners extends Pick<Sender, 'send' | 'userAgent'> {
  /** Called with the id of a request that has its answer. Nothing happens if another process waits for it. */
  answered(id: string): void;
}

const nobody = 'nobody is listening: run `posthorn listen` to receive it';

export function toListeners({ db, vault, sender, timings }: ToListenersDeps): ToListeners {
  const answers = createAnswers();

  async function pass(request: SendRequest, endpointId: string): Promise<SendResult> {
    if (request.isTooLate?.()) throw tooLate();
    const { timeoutMs, body } = request;
    const headers = Object.entries(ownHeaders(request.headers, sender.userAgent));
    const id = randomUUID();
    const startedAt = performance.now();
    const tookMs = () => performance.now() - startedAt;
    const passed = await passRequest(db, {
      id,
      endpointId,
      timeoutMs,
      lostAfterMs: timings.lostAfterMs,
      sealed: sealRequest(vault, id, { headers, body }),
    });
    if (passed === 'nobody') return unanswered('connect', nobody, tookMs());
    if (passed === 'busy') return unanswered('connect', 'too many requests wait for `posthorn listen`', tookMs());
    const last = await waitFor({ db, answers, timings }, { id, startedAt, timeoutMs });
    if (!last) throw new Error('PostgreSQL has lost the request');
    if (last.answer) return answeredResult(openAnswer(vault, id, last.answer), tookMs(), timeoutMs, Date.now());
    if (!last.isTaken) return unanswered('connect', nobody, tookMs());
    return unanswered('timeout', `no response from posthorn listen within ${timeoutMs / 1_000} s`, tookMs());
  }

  return {
    userAgent: sender.userAgent,
    answered: answers.tell,
    send(request) {
      const { endpointId } = request;
      if (endpointId === undefined || !isListenUrl(request.url)) return sender.send(request);
      return pass(request, endpointId).catch((error) => {
        // nothing is known of a request whose row was lost: it is sent again
        throw error instanceof LocalFault ? error : new LocalFault('no_connection_free', 'the request could not be passed on', error);
      });
    },
  };
}

interface Waiting extends Pick<ToListenersDeps, 'db' | 'timings'> {
  answers: Answers;
}

interface Waited {
  id: string;
  /** On the clock of `performance.now()`. */
  startedAt: number;
  timeoutMs: number;
}

/** Resolves to the state of the request at its end: answered, past its time, or not taken. Its row is then deleted. */
async function waitFor({ db, answers, timings }: Waiting, { id, startedAt, timeoutMs }: Waited): Promise<RequestState | null> {
  const told = answers.expect(id);
  try {
    for (;;) {
      const agoMs = performance.now() - startedAt;
      const state = agoMs < timeoutMs ? await readRequest(db, id) : null;
      if (!state || state.answer || (!state.isTaken && agoMs >= timings.takenWithinMs)) return await endRequest(db, id);
      await told.next(Math.min(timings.lookEveryMs, Math.max(1, timeoutMs - agoMs)));
    }
  } finally {
    told.end();
  }
}
