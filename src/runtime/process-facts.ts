// Reads facts about other processes of this machine: Linux reads /proc, macOS calls ps.
// They tell a process from another one that got its pid later.
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync, readlinkSync } from 'node:fs';
import { hostname } from 'node:os';

const hasProc = existsSync('/proc/self/stat');

/** When process `pid` started, as an opaque text to compare. Undefined: there is no such process, or it is a zombie. */
export function processStart(pid: number): string | undefined {
  if (!hasProc) return ps('lstart=', pid);
  const fields = statFields(pid);
  return fields === undefined || fields[0] === 'Z' ? undefined : fields[19];
}

/** A process, and the host on which its pid means something. */
export interface ProcessPlace {
  /** Host, boot and pid namespace. Processes with the same one see each other's pids. */
  host: string;
  pid: number;
  /** As `processStart` gives it. */
  started: string;
}

/** Of this process. Null: it cannot be known, as on all systems except Linux. */
export function thisPlace(): ProcessPlace | null {
  const started = hasProc ? processStart(process.pid) : undefined;
  try {
    const boot = readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
    // containers may share a host name, but not their pids
    return started === undefined ? null : { host: `${hostname()} ${boot} ${readlinkSync('/proc/self/ns/pid')}`, pid: process.pid, started };
  } catch {
    return null;
  }
}

/** True only if the process is surely gone. `here`: of this process. */
export function isGone({ host, pid, started }: ProcessPlace, here: ProcessPlace): boolean {
  if (host !== here.host) return false;
  const now = processStart(pid);
  if (now !== undefined) return now !== started;
  // a zombie has facts; where /proc hides the processes of other users, only a signal tells that there is one
  return statFields(pid) !== undefined || !exists(pid);
}

function exists(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code !== 'ESRCH';
  }
}

/**
 * True if a process has died but is not gone yet: its memory is freed, its files are being closed. Always false except
 * on Linux.
 */
export function isEnding(pid: number): boolean {
  return statFields(pid)?.[20] === '0';
}

/** The command line of process `pid`, arguments separated by spaces; undefined if there is no such process. */
export function commandLine(pid: number): string | undefined {
  if (!hasProc) return ps('command=', pid);
  return readProc(pid, 'cmdline')?.replaceAll('\0', ' ').trim() || undefined;
}

/**
 * Fields of proc_pid_stat(5), beginning with the 3rd, the state. The 22nd is the start time, the 23rd the size of the
 * memory.
 */
function statFields(pid: number): string[] | undefined {
  const stat = readProc(pid, 'stat');
  // the command name in brackets before them may contain spaces and brackets
  return stat?.slice(stat.lastIndexOf(')') + 2).split(' ');
}

function readProc(pid: number, file: string): string | undefined {
  try {
    return readFileSync(`/proc/${pid}/${file}`, 'utf8');
  } catch {
    return undefined;
  }
}

function ps(column: string, pid: number): string | undefined {
  try {
    return (
      execFileSync('ps', ['-ww', '-o', column, '-p', String(pid)], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }).trim() ||
      undefined
    );
  } catch {
    return undefined;
  }
}
