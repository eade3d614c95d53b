// Facts about other processes of this machine, to tell the one we mean from another that got its pid: Linux reads /proc, macOS asks ps.
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';

const hasProc = existsSync('/proc/self/stat');

/** When process `pid` started, in the system's own words, fit only for comparing; undefined when there is no such process (or a zombie). */
export function processStart(pid: number): string | undefined {
  if (!hasProc) return ps('lstart=', pid);
  const fields = statFields(pid);
  return fields === undefined || fields[0] === 'Z' ? undefined : fields[19];
}

/** True of a process that has died but is not gone: it has no memory any more, its files are being closed. Known on Linux only. */
export function isEnding(pid: number): boolean {
  return statFields(pid)?.[20] === '0';
}

/** The command line of process `pid`, arguments separated by spaces; undefined when there is no such process. */
export function commandLine(pid: number): string | undefined {
  if (!hasProc) return ps('command=', pid);
  return readProc(pid, 'cmdline')?.replaceAll('\0', ' ').trim() || undefined;
}

/** Fields of proc_pid_stat(5) from the state on, its 3rd: the start is the 22nd, the size of the memory the 23rd. */
function statFields(pid: number): string[] | undefined {
  const stat = readProc(pid, 'stat');
  // the command name before them, in brackets, may itself hold spaces and brackets
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
