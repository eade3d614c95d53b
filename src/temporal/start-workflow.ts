// Starts workflows on the task queue of this Posthorn, with the search attributes that its namespace has.
import type { Client, WorkflowStartOptions } from '@temporalio/client';
import { type TemporalLink, TemporalRefused } from './link.ts';

/** Start options without the task queue, which the link knows. */
export type Start = Omit<WorkflowStartOptions, 'taskQueue' | 'args'> & { args: unknown[] };
type WholeStart = WorkflowStartOptions & { args: unknown[] };

/** Runs a call that starts a workflow. Throws TemporalAway and TemporalRefused. */
export async function startWorkflow<T>(
  link: TemporalLink,
  start: Start,
  run: (client: Client, start: WholeStart) => Promise<T>,
): Promise<T> {
  const { attributes, names } = link;
  for (;;) {
    const typedSearchAttributes = attributes.present(start.typedSearchAttributes as Parameters<typeof attributes.present>[0]);
    try {
      return await link.start((client) => run(client, { ...start, taskQueue: names.taskQueue, typedSearchAttributes }));
    } catch (error) {
      if (!(error instanceof TemporalRefused) || !(await attributes.learn(error.message))) throw error;
    }
  }
}
