// Runs the checks of `posthorn doctor` side by side. A check that hangs or fails becomes a finding and delays no other.
import { type Finding, type Findings, findingsOf, wordsOf } from './finding.ts';

export interface Check {
  name: string;
  /** No finding: the check does not apply, or another one says why it could not be made. */
  run(findings: Findings): Promise<Finding[]>;
  /** What to say if it does not end in time. */
  late?: { message: string; advice: string; unreachable?: true };
}

/** Resolves within about `withinMs`, with the findings in the order of the checks. */
export async function runChecks(checks: Check[], withinMs: number): Promise<Finding[]> {
  return (await Promise.all(checks.map((check) => runCheck(check, withinMs)))).flat();
}

async function runCheck({ name, run, late: ifLate }: Check, withinMs: number): Promise<Finding[]> {
  const findings = findingsOf(name);
  const late = Promise.withResolvers<Finding[]>();
  const patience = `${withinMs / 1_000} s`;
  const lateFindings = () =>
    ifLate
      ? findings[ifLate.unreachable ? 'unreachable' : 'error'](`${ifLate.message} within ${patience}.`, ifLate.advice)
      : unfinished(findings, `it did not end within ${patience}`);
  const timer = setTimeout(() => late.resolve(lateFindings()), withinMs);
  try {
    return await Promise.race([run(findings), late.promise]);
  } catch (error) {
    return unfinished(findings, wordsOf(error));
  } finally {
    clearTimeout(timer);
  }
}

const unfinished = ({ error }: Findings, why: string) =>
  error(`This could not be checked: ${why}.`, 'Mend what the other findings name, then run the command again.');
