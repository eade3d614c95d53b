// `posthorn doctor`: examines the installation and prints what is wrong and what to do, as text or as one JSON document.
import { parseArgs } from 'node:util';
import { usualLimits } from '#doctor/context';
import { examine } from '#doctor/doctor';
import type { Finding, Level } from '#doctor/finding';

const usage = `Usage: posthorn doctor [--json] [--timeout <seconds>]

Checks configuration, PostgreSQL, Temporal, keys, requests to endpoints, and disk. It changes nothing. Every
check has --timeout (default: 3) seconds; they run side by side, so that the command ends within 5 s.
It uses DATABASE_URL and TEMPORAL_ADDRESS, or the servers that a running \`npm start\` has on POSTHORN_DATA_DIR.

Exit codes: 0 nothing worse than warnings, 1 an error was found, 2 wrong usage, 3 PostgreSQL or Temporal does not answer.`;

const wrongUsage = 2;

/** Returns the exit code. */
export async function doctorCommand(args: string[], write: (text: string) => Promise<void>, env = process.env): Promise<number> {
  const given = readOptions(args);
  if ('problem' in given || given.help) {
    await write('problem' in given ? `${given.problem}\n\n${usage}\n` : `${usage}\n`);
    return 'problem' in given ? wrongUsage : 0;
  }
  const began = performance.now();
  const findings = await examine({ env, limits: { ...usualLimits, withinMs: given.timeoutMs } });
  const tookMs = Math.round(performance.now() - began);
  await write(given.json ? `${JSON.stringify(documentOf(findings, tookMs))}\n` : textOf(findings, tookMs));
  return exitCodeOf(findings);
}

/** `problem`: what is wrong with them. */
function readOptions(args: string[]): { json: boolean; help: boolean; timeoutMs: number } | { problem: string } {
  const flag = { type: 'boolean', default: false } as const;
  try {
    const { values } = parseArgs({
      args,
      options: { json: flag, help: { ...flag, short: 'h' }, timeout: { type: 'string', default: '3' } },
    });
    const timeoutMs = Number(values.timeout) * 1_000;
    if (timeoutMs >= 100 && timeoutMs <= 600_000) return { ...values, timeoutMs };
    return { problem: `--timeout must be a number of seconds from 0.1 to 600, not ${values.timeout}.` };
  } catch (error) {
    return { problem: error instanceof Error ? error.message : String(error) };
  }
}

const count = (findings: Finding[], level: Level) => findings.filter((finding) => finding.level === level).length;

function documentOf(findings: Finding[], tookMs: number) {
  const errors = count(findings, 'error');
  return { ok: errors === 0, errors, warnings: count(findings, 'warning'), tookMs, findings };
}

const labels: Record<Level, string> = { ok: 'ok     ', warning: 'WARNING', error: 'ERROR  ' };

function textOf(findings: Finding[], tookMs: number): string {
  const width = Math.max(...findings.map(({ check }) => check.length));
  const lines = findings.flatMap(({ check, level, message, advice }) => [
    `${labels[level]}  ${check.padEnd(width)}  ${message}`,
    ...(advice === null ? [] : [`${' '.repeat(width + 11)}→ ${advice}`]),
  ]);
  const [errors, warnings] = [count(findings, 'error'), count(findings, 'warning')];
  return [...lines, '', `${errors} errors, ${warnings} warnings in ${(tookMs / 1_000).toFixed(1)} s.`, ''].join('\n');
}

/** 3: a store is not reachable. 1: another error. */
function exitCodeOf(findings: Finding[]): 0 | 1 | 3 {
  if (findings.some(({ unreachable }) => unreachable)) return 3;
  return count(findings, 'error') > 0 ? 1 : 0;
}
