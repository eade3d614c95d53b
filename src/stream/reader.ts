// One reader of the live stream: what it may see, and what waits to be sent to it, which is bounded. A reader that does
// not keep up is dropped with a reason.
import { type Caller, seesOnlyOwnersAlerts } from '#domain/access/access';
import { type EndReason, endReasons, type StreamKind } from '#domain/views/stream-view';
import type { Change } from './change.ts';
import { eventText, idText } from './event-text.ts';
import { positionText } from './position.ts';

export interface ReaderFilter {
  kinds: readonly StreamKind[];
  /** Null: of all tenants. */
  tenantId: string | null;
  endpointId: string | null;
}

export interface ReaderLimits {
  /** A reader for whom more characters wait when something new comes is dropped. What comes at once may be more than that. */
  mostWaiting: number;
  heartbeatMs: number;
  /** A dropped reader gets so long to read the reason. */
  partingMs: number;
}

export const usualLimits: ReaderLimits = { mostWaiting: 1_048_576, heartbeatMs: 15_000, partingMs: 5_000 };

export class StreamReader {
  readonly caller: Caller;
  readonly filter: ReaderFilter;
  readonly #positionUs: () => number;
  readonly #limits: ReaderLimits;
  readonly #cut = new AbortController();
  #waiting: string[] = [];
  #size = 0;
  #ended = false;
  #parting: NodeJS.Timeout | undefined;
  #wake: () => void = () => undefined;

  /** `positionUs`: all that changed before was pushed. */
  constructor(caller: Caller, filter: ReaderFilter, positionUs: () => number, limits: ReaderLimits) {
    this.caller = caller;
    this.filter = filter;
    this.#positionUs = positionUs;
    this.#limits = limits;
  }

  /** Aborted when the connection must be closed, because the reader does not even read why it was dropped. */
  get cut(): AbortSignal {
    return this.#cut.signal;
  }

  sees({ kind, tenantId, endpointId, isForOperator }: Change): boolean {
    const { filter } = this;
    return (
      filter.kinds.includes(kind) &&
      !(isForOperator && seesOnlyOwnersAlerts(this.caller)) &&
      (filter.tenantId === null || filter.tenantId === tenantId) &&
      (filter.endpointId === null || filter.endpointId === endpointId)
    );
  }

  push(text: string): void {
    if (this.#ended) return;
    if (this.#size > this.#limits.mostWaiting) this.end('too_slow');
    else {
      this.#size += text.length;
      this.#waiting.push(text);
      this.#wake();
    }
  }

  /** What waits is discarded: the reader resumes after the last event that it got. */
  end(reason: EndReason): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#waiting = [eventText('end', JSON.stringify({ reason, message: endReasons[reason] }))];
    this.#parting = setTimeout(() => this.#cut.abort(), this.#limits.partingMs).unref();
    this.#wake();
  }

  /** Yields what arrives, and a comment with the position when nothing did for a while, until `end`. */
  async *pieces(): AsyncGenerator<string> {
    try {
      while (true) {
        if (this.#waiting.length === 0) await this.#somethingOrHeartbeat();
        const piece = this.#waiting.join('');
        this.#waiting = [];
        this.#size = 0;
        const isLast = this.#ended;
        yield piece || `: nothing new\n${idText(positionText(this.#positionUs()))}`;
        if (isLast) return;
      }
    } finally {
      this.#ended = true;
      clearTimeout(this.#parting);
    }
  }

  #somethingOrHeartbeat(): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, this.#limits.heartbeatMs);
      this.#wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }
}
