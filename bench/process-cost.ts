// What processes cost, from /proc (Linux): CPU time of whole trees, with children that have ended, and memory.
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';

const msPerTick = 10; // USER_HZ is 100 wherever Linux shows it to programs

/** The process and all its descendants that live now; those of `pid` alone when it is gone. */
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

/** A child of ours whose program is called so. */
export function childNamed(name: string): number | null {
  const isIt = (pid: number) => Number(fieldsOf(pid)?.[1]) === process.pid && read(pid, 'comm')?.trim() === name;
  return treeOf(process.pid).find(isIt) ?? null;
}

/** Milliseconds of CPU, user and system, since they started. */
export function cpuMsOf(pids: readonly number[]): number {
  let ticks = 0;
  // of the living, and of the children whose end they have seen
  for (const pid of pids) for (const field of [11, 12, 13, 14]) ticks += Number(fieldsOf(pid)?.[field] ?? 0);
  return ticks * msPerTick;
}

/** What it holds now and held at most since `forgetPeak`, in MiB; pages shared with others count whole. Cheap to ask. */
export function memoryOf(pid: number): { rss: number; peak: number } {
  const status = read(pid, 'status') ?? '';
  const of = (name: string) => Number(new RegExp(`^${name}:\\s+(\\d+) kB`, 'm').exec(status)?.[1] ?? 0) / 1_024;
  return { rss: of('VmRSS'), peak: of('VmHWM') };
}

export function forgetPeak(pid: number): void {
  try {
    writeFileSync(`/proc/${pid}/clear_refs`, '5');
  } catch {
    // the peak then counts from its start
  }
}

/** What they hold together in MiB, every shared page counted once among those that share it. Costs the kernel a walk through all their pages. */
export function sharedMemoryOf(pids: readonly number[]): number {
  let kilobytes = 0;
  for (const pid of pids) kilobytes += Number(/^Pss:\s+(\d+) kB/m.exec(read(pid, 'smaps_rollup') ?? '')?.[1] ?? 0);
  return kilobytes / 1_024;
}

/** The fields of /proc/<pid>/stat from the state (its third) on. */
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
