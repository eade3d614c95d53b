// Checks of Temporal: whether it answers, its version, the namespace, the search attributes, and who polls the task queues.
import type { Connection } from '@temporalio/client';
import { deadLetterWindowMs } from '#config/config';
import { searchAttributes } from '#contract/workflow-contract';
import { missingAttributes, registerCommands } from '#temporal/attributes-of-namespace';
import type { Context } from './context.ts';
import { type Finding, type Findings, wordsOf } from './finding.ts';
import type { Check } from './run-checks.ts';
import { fairness } from './temporal-fairness.ts';
import { deployment, pollers } from './temporal-pollers.ts';

type TemporalCheck = (findings: Findings, connection: Connection, context: Context) => Promise<Finding[]>;

const msOfDay = 86_400_000;

/** `connecting`: rejects if Temporal does not answer. Null: it is not known where it is. */
export function temporalChecks(context: Context, connecting: Promise<Connection> | null, address: string): Check[] {
  const open = connecting?.catch(() => null) ?? Promise.resolve(null);
  const withTemporal = (check: TemporalCheck) => ({
    run: async (findings: Findings) => open.then((connection) => (connection ? check(findings, connection, context) : [])),
  });
  return [
    {
      name: 'temporal.reachable',
      run: (findings) => reachable(findings, context, connecting, address),
      late: { message: `Temporal at ${address} does not answer`, advice: checkAddress, unreachable: true },
    },
    { name: 'temporal.version', ...withTemporal(version) },
    { name: 'temporal.namespace', ...withTemporal(namespace) },
    { name: 'temporal.searchAttributes', ...withTemporal(attributes) },
    { name: 'temporal.fairness', ...withTemporal(fairness) },
    { name: 'temporal.workers', ...withTemporal(pollers) },
    { name: 'temporal.deployment', ...withTemporal(deployment) },
  ];
}

const checkAddress =
  'Check TEMPORAL_ADDRESS, the TEMPORAL_TLS_ variables and the API key. Events are accepted meanwhile, and first attempts are made.';

async function reachable(
  { ok, unreachable }: Findings,
  { places }: Context,
  connecting: Promise<Connection> | null,
  address: string,
): Promise<Finding[]> {
  if (connecting === null)
    return unreachable(
      `TEMPORAL_ADDRESS is not set, and no embedded Temporal runs on ${places.dataDir}.`,
      'Start Posthorn with `npm start`, set POSTHORN_DATA_DIR to the folder of the one that runs, or set TEMPORAL_ADDRESS.',
    );
  try {
    await connecting;
    return ok(`Temporal at ${address} answers.`);
  } catch (error) {
    return unreachable(`Temporal at ${address} does not answer: ${wordsOf(error)}.`, checkAddress);
  }
}

async function version({ ok, warning }: Findings, { workflowService }: Connection): Promise<Finding[]> {
  const { serverVersion } = await workflowService.getSystemInfo({});
  const [major = 0, minor = 0] = (serverVersion ?? '').split('.').map(Number);
  // hosted Temporal may give no version of that form
  if (!(major >= 1) || major > 1 || minor >= 29) return ok(`Temporal ${serverVersion}.`);
  return warning(
    `Temporal ${serverVersion} is older than 1.29, and has no fairness: a tenant with many deliveries can delay the others.`,
    'Upgrade the Temporal server to 1.29 or later.',
  );
}

async function namespace(
  { ok, warning, error }: Findings,
  { workflowService }: Connection,
  { config, places }: Context,
): Promise<Finding[]> {
  const name = config.TEMPORAL_NAMESPACE;
  let retentionMs: number;
  try {
    const described = await workflowService.describeNamespace({ namespace: name });
    retentionMs = Number(described.config?.workflowExecutionRetentionTtl?.seconds ?? 0) * 1_000;
  } catch (fault) {
    if (!/not ?found/i.test(wordsOf(fault))) throw fault;
    return error(
      `Temporal has no namespace ${name}.`,
      `Run: temporal operator namespace create --namespace ${name} --retention ${window(config)}h`,
    );
  }
  const kept = `The namespace ${name} keeps closed workflows for ${Math.round(retentionMs / 360_000) / 10} h`;
  const isEmbedded = places.dataDir !== null && config.TEMPORAL_ADDRESS === undefined;
  if (retentionMs >= deadLetterWindowMs(config) || isEmbedded) return ok(`${kept}.`);
  return warning(
    `${kept}, less than POSTHORN_DEAD_LETTER_DAYS (${config.POSTHORN_DEAD_LETTER_DAYS}): the history of a delivery is gone before its dead letter, and links to it fail.`,
    `Run: temporal operator namespace update --namespace ${name} --retention ${window(config)}h`,
  );
}

const window = (config: Context['config']) => (deadLetterWindowMs(config) / msOfDay) * 24;

async function attributes({ ok, error }: Findings, connection: Connection, { config }: Context): Promise<Finding[]> {
  const missing = await missingAttributes((run) => run(connection), config.TEMPORAL_NAMESPACE);
  if (missing.length === 0) return ok(`All ${searchAttributes.length} search attributes are registered.`);
  return error(
    `The namespace lacks search attributes: ${missing.join(', ')}. Deliveries go on, and cannot be searched by them.`,
    `Run one of: ${registerCommands(config.TEMPORAL_NAMESPACE, missing).join(' — or: ')}`,
  );
}
