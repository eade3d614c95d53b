// Whether Posthorn answers. While it does not, this asks again by itself and tells when it does.

/** `store_away`: the API answers, but cannot reach PostgreSQL. */
export type Connection = 'ok' | 'away' | 'store_away';

/** 502 and 504 are answers of a proxy in front of Posthorn, which itself never gives them. */
export function metBy(status: number): Connection {
  if (status === 502 || status === 504) return 'away';
  return status === 503 ? 'store_away' : 'ok';
}

const everyMs = [1_000, 2_000, 4_000, 8_000];
let now: Connection = 'ok';
let failures = 0;
let timer: ReturnType<typeof setTimeout> | undefined;
const listeners = new Set<() => void>();
const recoveries = new Set<() => void>();

export const connection = {
  get: (): Connection => now,
  subscribe(listener: () => void): () => void {
    listeners.add(listener);
    return () => listeners.delete(listener);
  },
  /** Calls back each time Posthorn answers again. */
  onRecovery(callback: () => void): () => void {
    recoveries.add(callback);
    return () => recoveries.delete(callback);
  },
  /** Resolves when Posthorn answers again. */
  isBack: (): Promise<void> =>
    new Promise((resolve) => {
      const leave = connection.onRecovery(() => {
        leave();
        resolve();
      });
    }),
  /** Asks at once. */
  tryNow(): void {
    clearTimeout(timer);
    void ask();
  },
  /** What the last request met. */
  saw(next: Connection): void {
    if (next === now) return;
    const recovers = next === 'ok';
    now = next;
    for (const listener of listeners) listener();
    if (recovers) {
      clearTimeout(timer);
      failures = 0;
      for (const callback of recoveries) callback();
    } else askLater();
  },
};

function askLater(): void {
  clearTimeout(timer);
  timer = setTimeout(ask, everyMs[Math.min(failures, everyMs.length - 1)]);
}

async function ask(): Promise<void> {
  failures += 1;
  const next = await fetch('/readyz', { cache: 'no-store' }).then(
    async (response): Promise<Connection> => {
      if (response.ok) return 'ok';
      const { status } = (await response.json().catch(() => ({}))) as { status?: string };
      return status === 'away' ? 'store_away' : 'away';
    },
    (): Connection => 'away',
  );
  connection.saw(next);
  if (next !== 'ok') askLater();
}
