// Reads what processes cost from /proc (Linux): memory, and the CPU time of process trees including
// children that have ended.
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';

const msPerTick = 10; // USER_HZ, which Linux always reports as 100

/** The process and all its live descendants; only `pid` if it is gone. */
export function treeOf(pid: number): number[] {
  const parents = new Map<number, number[]>();
  for (const name of readdirSync('/proc')) {
    const parent = Number(/^\d+$/.test(name) ? fieldsOf(Number(name))?.[1] : undefined);
    if (parent > 0) parents.set(parent, [...(parents.get(parent) ?? []), Number(name)]);
  }
  const tree = [pid];
  for (const member of tree) tree.push(...(parents.get(member) ?? []));
  return tree;
}

/** A child process of ours by the name of its program. */
export function childNamed(name: string): number | null {
  const isIt = (pid: number) => Number(fieldsOf(pid)?.[1]) === process.pid && read(pid, 'comm')?.trim() === name;
  return treeOf(process.pid).find(isIt) ?? null;
}

/** Milliseconds of user and system CPU time since the processes started. */
export function cpuMsOf(pids: readonly number[]): number {
  let ticks = 0;
  // of live processes, and of ended children they have waited for
  for (const pid of pids) for (const field of [11, 12, 13, 14]) ticks += Number(fieldsOf(pid)?.[field] ?? 0);
  return ticks * msPerTick;
}

/** The current memory, and the peak since `forgetPeak`, in MiB. Shared pages count in full. Cheap to read. */
export function memoryOf(pid: number): { rss: number; peak: number } {
  const status = read(pid, 'status') ?? '';
  const of = (name: string) => Number(new RegExp(`^${name}:\\s+(\\d+) kB`, 'm').exec(status)?.[1] ?? 0) / 1_024;
  return { rss: of('VmRSS'), peak: of('VmHWM') };
}

export function forgetPeak(pid: number): void {
  try {
    writeFileSync(`/proc/${pid}/clear_refs`, '5');
  } catch {
    // then the peak since the start of the process counts
  }
}

/**
 * The memory of all processes together in MiB, with every shared page counted once. The kernel must walk all their
 * pages.
 */
export function sharedMemoryOf(pids: readonly number[]): number {
  let kilobytes = 0;
  for (const pid of pids) kilobytes += Number(/^Pss:\s+(\d+) kB/m.exec(read(pid, 'smaps_rollup') ?? '')?.[1] ?? 0);
  return kilobytes / 1_024;
}

/** The fields of /proc/<pid>/stat, beginning with the 3rd, the state. */
function fieldsOf(pid: number): string[] | undefined {
  const stat = read(pid, 'stat');
  return stat?.slice(stat.lastIndexOf(')') + 2).split(' ');
}

function read(pid: number, file: string): string | undefined {
  try {
    return readFileSync(`/proc/${pid}/${file}`, 'utf8');
  } catch {
    return undefined;
  }
}
