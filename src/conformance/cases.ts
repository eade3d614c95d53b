// The nine cases of a conformance run: what is sent, in which order, and where a case cannot be
// judged. Each case begins with events of its own, so that one case does not depend on another.
import { type CaseName, caseNames, type Probe } from '#domain/conformance/conformance';
import { maxEventBytes, standardBody } from '#domain/events/event';
import { type Message, newMessage, type Sending } from './exchange.ts';
import { type ConformanceTarget, rotationOrders, signsTime } from './target.ts';

/** An event that the receiver knows. */
export interface KnownEvent {
  type: string;
  /** The JSON text of `data`. */
  dataText: string;
}

export interface CaseContext {
  target: ConformanceTarget;
  event: KnownEvent;
  /** Sends requests at the same time. */
  send(...sendings: Sending[]): Promise<Probe[]>;
}

const staleMs = 3_600_000;
const burst = 10;

type Case = {
  /** Why this endpoint cannot be judged; null: it can. */
  unfit?(context: CaseContext): string | null;
  run(context: CaseContext): Promise<Probe[]>;
};

const cases: Record<CaseName, Case> = {
  bad_signature: {
    async run({ send, ...context }) {
      const forged = (what: string, more: Partial<Sending>): Sending => ({ what, expected: 'refuse', message: known(context), ...more });
      return send(
        forged('a signature by another key', { signedBy: 'stranger' }),
        forged('no signature', { tampering: 'unsigned' }),
        forged('another body than the signed one', { tampering: 'other_body' }),
      );
    },
  },
  stale_time: {
    unfit: ({ target }) => (signsTime(target.signing) ? null : 'The signature of this endpoint covers no time.'),
    async run({ send, ...context }) {
      return send(
        { what: 'a request signed an hour ago', expected: 'refuse', message: known(context), timeOffsetMs: -staleMs },
        { what: 'a request signed for in an hour', expected: 'refuse', message: known(context), timeOffsetMs: staleMs },
      );
    },
  },
  duplicate: {
    async run({ send, ...context }) {
      const message = known(context);
      const first = await send({ what: 'an event', expected: 'accept', message });
      const again = (attempt: number): Sending => ({ what: 'the same event again', expected: 'accept', message, attempt });
      return [...first, ...(await send(again(2))), ...(await send(again(3), again(4)))];
    },
  },
  reorder: {
    async run({ send, ...context }) {
      const nowMs = Date.now();
      const older = known(context, nowMs - 60_000);
      const newer = known(context, nowMs);
      const first = await send({ what: 'an event', expected: 'accept', message: newer });
      return [...first, ...(await send({ what: 'an older event after it', expected: 'accept', message: older }))];
    },
  },
  slow: {
    async run({ send, ...context }) {
      const occurredMs = Date.now();
      const count = Math.max(1, Math.min(burst, context.target.mostAtOnce));
      const one = (): Sending => ({
        what: count === 1 ? 'one event' : `${count} events at once`,
        expected: 'accept',
        message: known(context, occurredMs),
      });
      return send(...Array.from({ length: count }, one));
    },
  },
  large: {
    unfit: ({ target: { format, shape } }) => {
      if (shape) return 'The endpoint changes bodies, so their size is not known before.';
      return format === 'form' || format === 'xml' ? `The body format ${format} cannot be made larger without other data.` : null;
    },
    async run({ send, ...context }) {
      const message = known(context);
      const large = { ...message, dataText: padded(message) };
      return send({ what: `a body of ${maxEventBytes / 1024} KiB`, expected: 'accept', message: large });
    },
  },
  unknown_type: {
    unfit: ({ target: { format, shape } }) => {
      if (shape?.isWhole) return 'The transform of the endpoint decides whether the body tells the event type.';
      return format === 'raw' ? 'The body format raw does not tell the event type.' : null;
    },
    async run({ send }) {
      return send({ what: 'an event of an unknown type', expected: 'accept', message: newMessage('posthorn.conformance.unknown', '{}') });
    },
  },
  rotation: {
    unfit: ({ target }) =>
      rotationOrders(target.signing).length > 0 ? null : 'The signature scheme of this endpoint has room for one signature only.',
    async run({ send, ...context }) {
      const what = { stranger_first: 'the valid signature last', stranger_last: 'the valid signature first' };
      return send(
        ...rotationOrders(context.target.signing).map(
          (signedBy): Sending => ({
            what: `signed by two secrets, ${what[signedBy as keyof typeof what]}`,
            expected: 'accept',
            message: known(context),
            signedBy,
          }),
        ),
      );
    },
  },
  replay: {
    async run({ send, ...context }) {
      const message = known(context);
      const first = await send({ what: 'an event', expected: 'accept', message });
      return [...first, ...(await send({ what: 'the same event, replayed', expected: 'accept', message, round: 2 }))];
    },
  },
};

/** In the order in which they run. */
export function casesOf(wanted: readonly CaseName[] = caseNames): (Case & { name: CaseName })[] {
  return caseNames.filter((name) => wanted.includes(name)).map((name) => ({ name, ...cases[name] }));
}

/** An event that the receiver should accept. */
export function known({ event }: Pick<CaseContext, 'event'>, occurredMs?: number): Message {
  return newMessage(event.type, event.dataText, occurredMs);
}

/** The data with as many spaces as make the largest body. The spaces change no value, so a schema still accepts it. */
function padded({ type, occurredMs, dataText }: Message): string {
  const missing = maxEventBytes - Buffer.byteLength(standardBody(type, new Date(occurredMs).toISOString(), dataText));
  if (missing <= 0) return dataText;
  return /^[[{]/.test(dataText) ? dataText[0] + ' '.repeat(missing) + dataText.slice(1) : JSON.stringify('x'.repeat(missing));
}
