// Facts about other processes of this machine, to tell the one we mean from another that got its pid: Linux reads /proc, macOS asks ps.
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';

const hasProc = existsSync('/proc/self/stat');

/** When process `pid` started, in the system's own words, fit only for comparing; undefined when there is no such process (or a zombie). */
export function processStart(pid: number): string | undefined {
  if (!hasProc) return ps('lstart=', pid);
  const stat = readProc(pid, 'stat');
  // the command name, in brackets, may itself hold spaces and brackets; fields from the state (3rd) on follow it
  const fields = stat?.slice(stat.lastIndexOf(')') + 2).split(' ');
  return fields === undefined || fields[0] === 'Z' ? undefined : fields[19];
}

/** The command line of process `pid`, arguments separated by spaces; undefined when there is no such process. */
export function commandLine(pid: number): string | undefined {
  if (!hasProc) return ps('command=', pid);
  return readProc(pid, 'cmdline')?.replaceAll('\0', ' ').trim() || undefined;
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
