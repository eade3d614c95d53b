// Says whether notifications of changes of the catalogue arrive. That LISTEN was accepted proves nothing: behind a pooler of
// transactions it has no effect, and a connection can be lost without a sign. So a notification of its own is sent, and
// until it comes back none is relied on.
import { randomUUID } from 'node:crypto';
import { pingCatalogue } from '#db/catalogue/known-types';
import type { Listener } from '#db/store/listener';
import type { Db } from '#db/store/pool';

const pingEveryMs = 5_000;
const answerWithinMs = 1_000;
const pingWord = 'ping ';

export class ChangeWatch {
  readonly #db: Db;
  readonly #onChange: () => void;
  readonly #me = `${pingWord}${randomUUID()}`;
  #stop: () => void;
  #isListening = false;
  /** The last ping that came back, and the last one that was sent. */
  #heardAt = Number.NEGATIVE_INFINITY;
  #sentAt = Number.NEGATIVE_INFINITY;

  /** `onChange`: something changed, or may have changed unnoticed. */
  constructor(db: Db, listener: Listener, onChange: () => void) {
    this.#db = db;
    this.#onChange = onChange;
    const onLost = () => {
      this.#isListening = false;
      this.#heardAt = Number.NEGATIVE_INFINITY;
    };
    this.#stop = listener.on('posthorn_catalogue', (word) => this.#onMessage(word), onLost);
  }

  stop(): void {
    this.#stop();
  }

  /** Call it before the catalogue is used: every few seconds it sends a ping. False: changes may be missed. */
  isReliable(now = performance.now()): boolean {
    if (this.#isListening && now - this.#sentAt > pingEveryMs) this.#ping(now);
    const isAnswered = this.#heardAt >= this.#sentAt;
    return this.#isListening && this.#heardAt > Number.NEGATIVE_INFINITY && (isAnswered || now - this.#sentAt < answerWithinMs);
  }

  #onMessage(word: string): void {
    if (word === this.#me) {
      this.#heardAt = performance.now();
      return;
    }
    if (word.startsWith(pingWord)) return;
    if (!this.#isListening) {
      this.#isListening = true;
      this.#ping(performance.now());
    }
    this.#onChange();
  }

  #ping(now: number): void {
    this.#sentAt = now;
    // without an answer the watch is not reliable, which is all there is to say
    pingCatalogue(this.#db, this.#me).catch(() => undefined);
  }
}
