// Which search attributes a namespace lacks, and the commands that register them.
import type { ConnectionLike } from '@temporalio/client';
import { searchAttributes } from '#contract/workflow-contract';

/** Runs a call to Temporal. */
export type Ask = <T>(run: (connection: ConnectionLike) => Promise<T>) => Promise<T>;

/**
 * Hosted Temporal closes the OperatorService, so what exists is also read from the WorkflowService. If neither can be
 * read, all are assumed to exist. `isAway`: the errors of `ask` that are no refusals, and are thrown.
 */
export async function missingAttributes(ask: Ask, namespace: string, isAway: (error: unknown) => boolean = () => false): Promise<string[]> {
  /** Null: Temporal refuses to say. */
  const unlessRefused = <T>(asking: Promise<T>): Promise<T | null> =>
    asking.catch((error) => {
      if (isAway(error)) throw error;
      return null;
    });
  const existing = (await unlessRefused(fromOperatorService(ask, namespace))) ?? (await unlessRefused(fromWorkflowService(ask, namespace)));
  return existing === null ? [] : searchAttributes.map(({ name }) => name).filter((name) => !existing.includes(name));
}

export const registerCommands = (namespace: string, missing: string[]) => [
  `temporal operator search-attribute create --namespace ${namespace} ${missing.map((name) => `--name ${name} --type Keyword`).join(' ')}`,
  `tcld namespace search-attributes add --namespace ${namespace} ${missing.map((name) => `--search-attribute ${name}=Keyword`).join(' ')}`,
];

async function fromOperatorService(ask: Ask, namespace: string): Promise<string[]> {
  const { customAttributes } = await ask((connection) => connection.operatorService.listSearchAttributes({ namespace }));
  return Object.keys(customAttributes ?? {});
}

/** With an SQL store for visibility, the names are aliases of the namespace; else, they are those of the cluster. */
async function fromWorkflowService(ask: Ask, namespace: string): Promise<string[]> {
  const ofCluster = await ask((connection) => connection.workflowService.getSearchAttributes({}));
  const described = await ask((connection) => connection.workflowService.describeNamespace({ namespace }));
  return [...Object.keys(ofCluster.keys ?? {}), ...Object.values(described.config?.customSearchAttributeAliases ?? {})];
}
