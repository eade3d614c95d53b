// `posthorn apply`: makes the catalogue what a file says. Shows the plan first.
import { basename } from 'node:path';
import { createInterface } from 'node:readline/promises';
import type { Command } from 'commander';
import { PosthornProblem } from '#client';
import type { CataloguePlan } from '#domain/documents/plan-catalogue';
import { type DocumentFile, faultsText, readDocumentFile } from '../catalogue/document-file.ts';
import { changesOf, planText } from '../catalogue/plan-text.ts';
import { textOf } from '../connection/given.ts';
import { connected, type Session } from '../connection/session.ts';
import { CommandFailed } from '../terminal/exit-codes.ts';

interface ApplyOptions {
  check?: boolean;
  expectNoChanges?: boolean;
  prune?: boolean;
  yes?: boolean;
}

export function addApplyCommand(program: Command): void {
  program
    .command('apply <file>')
    .description('make the catalogue of event types what a file says: a catalogue file, OpenAPI 3.1 or AsyncAPI 3, in YAML or JSON')
    .option('--check', 'only show the plan; exit code 1 if it could not be applied')
    .option('--expect-no-changes', 'with --check: exit code 1 also if something would change')
    .option('--prune', 'delete event types that the file does not have')
    .option('-y, --yes', 'do not ask')
    .addHelpText('after', '\n- reads the file from standard input. docs/catalogue.md describes the file.')
    .action(connected(apply));
}

async function apply(session: Session, file: string, options: ApplyOptions): Promise<void> {
  const { output } = session;
  const document = readDocumentFile(file === '-' ? 'standard input' : basename(file), textOf(file === '-' ? '-' : `@${file}`));
  const plan = await send(session, document, options, true);
  if (options.check || changesOf(plan) === 0 || plan.summary.refuse) {
    await output.show(plan, planText(plan));
    if (plan.summary.refuse) throw new CommandFailed('It cannot be applied: a breaking change of a schema needs a new version number.');
    if (options.expectNoChanges && changesOf(plan) > 0) throw new CommandFailed('The catalogue differs from the file.');
    return;
  }
  if (!output.json) await output.text(planText(plan));
  if (!(await isWanted(session, options))) throw new CommandFailed('Nothing was applied.');
  const applied = await send(session, document, options, false);
  await output.show(applied, 'Applied.');
}

async function send({ api }: Session, document: DocumentFile, { prune = false }: ApplyOptions, dryRun: boolean): Promise<CataloguePlan> {
  try {
    return await api.post<CataloguePlan>('/v1/catalogue', { document: document.value, prune, dryRun });
  } catch (error) {
    if (error instanceof PosthornProblem && error.errors.some(({ path }) => path.startsWith('document')))
      throw faultsText(document, error.errors);
    throw error;
  }
}

/** Asks where somebody is there to answer. */
async function isWanted({ output }: Session, { yes }: ApplyOptions): Promise<boolean> {
  if (yes || !output.options.isTerminal || !process.stdin.isTTY) return true;
  const questions = createInterface({ input: process.stdin, output: process.stderr });
  try {
    return /^y(es)?$/i.test((await questions.question('Apply this? [y/N] ')).trim());
  } finally {
    questions.close();
  }
}
