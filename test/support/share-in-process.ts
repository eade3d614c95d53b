// One of something for all test files of a process. A fixture alone does not give that: every `extend` has fixtures of its own.

interface Shared {
  users: number;
  started: Promise<{ value: unknown; stop(): Promise<void> }>;
}

/** Not of this module: files of one process may load it more than once. */
const key = Symbol.for('posthorn.shared-in-process');
const holder = globalThis as { [key]?: Map<string, Shared> };

/** Starts it for the first user, and stops it when the last one has called `release`. */
export async function shareInProcess<T>(
  name: string,
  start: () => Promise<{ value: T; stop(): Promise<void> }>,
): Promise<{ value: T; release(): Promise<void> }> {
  holder[key] ??= new Map();
  const all = holder[key];
  const shared: Shared = all.get(name) ?? { users: 0, started: start() };
  all.set(name, shared);
  shared.users += 1;
  const release = async () => {
    shared.users -= 1;
    if (shared.users > 0) return;
    all.delete(name);
    await (await shared.started).stop();
  };
  return { value: (await shared.started).value as T, release };
}
