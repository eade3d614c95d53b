// Wakes the attempts of this process whose answer has come.

export interface Answers {
  tell(id: string): void;
  /** Call `end` at last. */
  expect(id: string): Told;
}

interface Told {
  /** Resolves when the answer was announced, since the last call too, or after `ms`. */
  next(ms: number): Promise<void>;
  end(): void;
}

interface Waiting {
  told: boolean;
  wake(): void;
}

export function createAnswers(): Answers {
  const waiting = new Map<string, Waiting>();
  return {
    tell(id) {
      const one = waiting.get(id);
      if (!one) return;
      one.told = true;
      one.wake();
    },
    expect(id) {
      const one: Waiting = { told: false, wake: () => undefined };
      waiting.set(id, one);
      return {
        next: (ms) =>
          new Promise((resolve) => {
            const done = () => {
              clearTimeout(timer);
              one.told = false;
              resolve();
            };
            const timer = setTimeout(done, ms);
            one.wake = done;
            if (one.told) done();
          }),
        end: () => void waiting.delete(id),
      };
    },
  };
}
