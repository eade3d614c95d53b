// What Temporal's server reads at its start, in one process with all four services, as `docker-compose.yml` sets it where it
// matters to Posthorn. JSON is YAML, too.

interface Place {
  /** For a user that may do all. */
  postgresUrl: string;
  databases: { default: string; visibility: string };
  /** Eight free ports on 127.0.0.1. The first is that of the frontend. */
  ports: readonly number[];
  dynamicConfigFile: string;
}

const services = ['frontend', 'history', 'matching', 'worker'];

export function configurationOf({ postgresUrl, databases, ports, dynamicConfigFile }: Place): object {
  const { host, username, password } = new URL(postgresUrl);
  const store = (databaseName: string, most: number) => ({
    sql: {
      pluginName: 'postgres12',
      databaseName,
      connectAddr: host,
      connectProtocol: 'tcp',
      user: username,
      password,
      maxConns: most,
      maxIdleConns: most,
    },
  });
  const frontend = `127.0.0.1:${ports[0]}`;
  const rpc = (index: number) => ({
    rpc: { grpcPort: ports[index], membershipPort: ports[index + services.length], bindOnLocalHost: true },
  });
  return {
    log: { stdout: true, level: 'warn' },
    persistence: {
      defaultStore: 'default',
      visibilityStore: 'visibility',
      numHistoryShards: 4,
      datastores: { default: store(databases.default, 20), visibility: store(databases.visibility, 10) },
    },
    global: { membership: { maxJoinDuration: '30s', broadcastAddress: '127.0.0.1' } },
    services: Object.fromEntries(services.map((name, index) => [name, rpc(index)])),
    clusterMetadata: {
      enableGlobalNamespace: false,
      failoverVersionIncrement: 10,
      masterClusterName: 'active',
      currentClusterName: 'active',
      clusterInformation: { active: { enabled: true, initialFailoverVersion: 1, rpcName: 'frontend', rpcAddress: frontend } },
    },
    publicClient: { hostPort: frontend },
    dynamicConfigClient: { filepath: dynamicConfigFile, pollInterval: '10s' },
  };
}

/** The settings of `docker-compose.yml`. */
export const dynamicConfig = {
  'matching.useNewMatcher': [{ value: true }],
  'matching.enableFairness': [{ value: true }],
};
