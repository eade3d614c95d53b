// The Helm chart: `helm lint`, what it renders checked by kubeconform against Kubernetes' own schemas, and what it promises.
// helm and kubeconform are built once with Go, beside the other tests.
import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parseAllDocuments } from 'yaml';
import { variables } from '#config/config';
import packageJson from '../../package.json' with { type: 'json' };
import { goTool, helm, kubeconform } from '../support/go-tool.ts';
import { writeSchemas } from './kubernetes-schemas.ts';

const run = promisify(execFile);
const chart = 'deploy/helm/posthorn';
const oldest = '1.29.0';
const newest = '1.37.0';

const least = {
  publicUrl: 'https://hooks.example.com',
  image: { repository: 'images.example.com/posthorn' },
  temporal: { address: 'temporal-frontend.temporal:7233' },
};
const everything = {
  ...least,
  imagePullSecrets: [{ name: 'pull' }],
  secret: { name: 'own', keys: { temporalApiKey: 'temporal' }, more: { POSTHORN_EGRESS_PROXY: 'proxy' } },
  temporal: { ...least.temporal, uiUrl: 'https://temporal.example.com', tls: { secretName: 'temporal-tls', hasCa: true, serverName: 't' } },
  config: { POSTHORN_ALLOW_CIDRS: '10.1.0.0/16' },
  api: {
    ingress: { enabled: true, className: 'nginx', host: 'hooks.example.com', tlsSecretName: 'tls', annotations: { a: 'b' } },
    nodeSelector: { disk: 'ssd' },
    tolerations: [{ key: 'a', operator: 'Exists' }],
  },
  worker: { autoscaling: { enabled: true, backlog: { enabled: true } } },
  networkPolicy: {
    apiFrom: [{ namespaceSelector: { matchLabels: { name: 'ingress' } } }],
    metricsFrom: [{ namespaceSelector: { matchLabels: { name: 'monitoring' } } }],
    extraEgress: [{ to: [{ ipBlock: { cidr: '10.1.0.0/16' } }] }],
  },
  serviceMonitor: { enabled: true, labels: { release: 'prometheus' } },
  podAnnotations: { a: 'b' },
  podLabels: { team: 'hooks' },
  extraVolumes: [{ name: 'ca', configMap: { name: 'ca' } }],
  extraVolumeMounts: [{ name: 'ca', mountPath: '/etc/posthorn/ca' }],
};

interface Container {
  name: string;
  image: string;
  command: string[];
  env: { name: string; value?: string; valueFrom?: { secretKeyRef: { name: string; key: string } } }[];
  securityContext: object;
  readinessProbe?: { httpGet: { path: string; port: string } };
  livenessProbe?: { httpGet: { path: string; port: string } };
  ports?: { name: string; containerPort: number }[];
}
interface Manifest {
  kind: string;
  metadata: { name: string; labels: Record<string, string>; annotations?: Record<string, string> };
  // biome-ignore lint/suspicious/noExplicitAny: each kind has its own
  spec: any;
}

let folder: string;
let helmPath: string;
let kubeconformPath: string;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'posthorn-helm-'));
  [helmPath, kubeconformPath] = await Promise.all([goTool(helm), goTool(kubeconform)]);
}, 900_000);
afterAll(() => rmSync(folder, { recursive: true, force: true }));

let files = 0;
function valuesFile(values: object): string {
  const file = join(folder, `values-${files++}.json`);
  writeFileSync(file, JSON.stringify(values));
  return file;
}

const given = (values: object, version = oldest) => ['--values', valuesFile(values), '--kube-version', version];
const render = async (values: object, version = oldest) =>
  (await run(helmPath, ['template', 'hooks', chart, ...given(values, version)])).stdout;
const refusal = (values: object) =>
  render(values).then(
    () => 'rendered',
    ({ stderr }: { stderr: string }) => stderr,
  );
const manifestsOf = async (values: object) =>
  parseAllDocuments(await render(values)).flatMap((document) => (document.toJSON() as Manifest | null) ?? []);
const containersOf = ({ spec }: Manifest) => (spec?.template?.spec?.containers ?? []) as Container[];

describe('the chart', () => {
  it.each([
    ['the least', least],
    ['all', everything],
  ])('passes helm lint with %s values', async (_what, values) => {
    const { stdout } = await run(helmPath, ['lint', '--strict', chart, ...given(values)]);
    expect(stdout).toContain('1 chart(s) linted, 0 chart(s) failed');
  });

  it.each([oldest, newest])("renders only what Kubernetes %s's schemas allow", async (version) => {
    const schemas = await writeSchemas(version, folder);
    const conform = async (text: string) => {
      const file = join(folder, `${version}.yaml`);
      writeFileSync(file, text);
      const args = ['-strict', '-summary', '-output', 'json', '-skip', 'ServiceMonitor', '-schema-location', schemas, file];
      const { stdout } = await run(kubeconformPath, args).catch((error) => error);
      return JSON.parse(stdout) as { summary: object; resources?: object[] };
    };
    const rendered = await Promise.all([least, everything].map((values) => render(values, version)));
    const summary = await conform(rendered.join('\n---\n'));
    expect(summary).toMatchObject({ summary: { valid: 11 + 13, invalid: 0, errors: 0, skipped: 2 } });
    const wrong = rendered[0]?.replace('maxUnavailable: 1\n  #', 'maxUnavailablee: 1\n  #') ?? '';
    expect(await conform(wrong)).toMatchObject({ summary: { invalid: 1 } });
  });

  it('has the version of Posthorn', async () => {
    const [api] = (await manifestsOf(least)).filter(({ metadata: { name } }) => name === 'hooks-posthorn-api');
    expect(api?.metadata.labels).toMatchObject({
      'app.kubernetes.io/version': packageJson.version,
      'helm.sh/chart': `posthorn-${packageJson.version}`,
    });
    expect((await manifestsOf(least)).flatMap(containersOf).map(({ image }) => image)).toEqual(
      Array.from({ length: 3 }, () => `images.example.com/posthorn:${packageJson.version}`),
    );
  });

  it('runs as a user without rights, on a file system that it cannot write', async () => {
    for (const manifest of await manifestsOf(everything)) {
      for (const container of containersOf(manifest)) {
        expect(container.securityContext).toEqual({
          allowPrivilegeEscalation: false,
          readOnlyRootFilesystem: true,
          capabilities: { drop: ['ALL'] },
        });
        expect(manifest.spec.template.spec).toMatchObject({
          automountServiceAccountToken: false,
          enableServiceLinks: false,
          securityContext: { runAsNonRoot: true, runAsUser: 1000, seccompProfile: { type: 'RuntimeDefault' } },
        });
      }
    }
  });

  it('sets only variables that Posthorn knows, each once, and takes secrets by reference', async () => {
    const secretNames = /^(DATABASE_URL|POSTHORN_API_KEY|POSTHORN_MASTER_KEY|TEMPORAL_API_KEY|POSTHORN_EGRESS_PROXY)$/;
    for (const values of [least, everything]) {
      for (const { name, env } of (await manifestsOf(values)).flatMap(containersOf)) {
        const names = env.map((one) => one.name);
        expect(
          names.filter((one) => !(one in variables.shape)),
          name,
        ).toEqual([]);
        expect(new Set(names).size, name).toBe(names.length);
        for (const one of env) expect(Boolean(one.valueFrom?.secretKeyRef.key), one.name).toBe(secretNames.test(one.name));
        const plain = Object.fromEntries(env.map(({ name: key, value }) => [key, value]));
        expect(variables.safeParse({ ...plain, POSTHORN_MASTER_KEY: undefined }).error, name).toBeUndefined();
      }
    }
    expect((await manifestsOf(everything)).map(({ kind }) => kind)).not.toContain('Secret');
  });

  it('asks each pod for its readiness, and selects pods by labels that they have', async () => {
    const manifests = await manifestsOf(everything);
    const pods = manifests.filter(({ spec }) => spec?.template).map(({ spec }) => spec.template.metadata.labels as Record<string, string>);
    const deployments = manifests.filter(({ kind }) => kind === 'Deployment');
    expect(deployments.map(({ metadata }) => metadata.name)).toEqual(['hooks-posthorn-api', 'hooks-posthorn-worker']);
    for (const deployment of deployments) {
      const [container] = containersOf(deployment);
      expect([container?.livenessProbe?.httpGet.path, container?.readinessProbe?.httpGet.path]).toEqual(['/healthz', '/readyz']);
      expect(container?.ports?.map(({ name }) => name)).toContain(container?.readinessProbe?.httpGet.port);
      expect(deployment.spec.template.spec.terminationGracePeriodSeconds).toBeGreaterThan(35);
    }
    const selectors = manifests.flatMap(({ kind, spec }) =>
      kind === 'Service' ? spec.selector : (spec?.selector?.matchLabels ?? spec?.podSelector?.matchLabels ?? []),
    ) as Record<string, string>[];
    expect(selectors.length).toBeGreaterThan(9);
    for (const selector of selectors) {
      const selected = pods.filter((labels) => Object.entries(selector).every(([name, value]) => labels[name] === value));
      // the monitors select services
      expect(new Set(selected.map((labels) => labels['app.kubernetes.io/component'])).size).toBe(1);
    }
  });

  it('migrates before it replaces anything, and before the first pod starts', async () => {
    const job = (await manifestsOf(least)).find(({ kind }) => kind === 'Job');
    expect(job?.metadata.annotations).toMatchObject({ 'helm.sh/hook': 'pre-install,pre-upgrade' });
    expect(job && containersOf(job)[0]?.command).toEqual(['node', 'bin/posthorn.js', 'migrate']);
    // the service account of the chart does not exist yet
    expect(job?.spec.template.spec.serviceAccountName).toBeUndefined();
  });

  it('scales workers on the backlog, and on CPU where no such metric is served', async () => {
    const metricsOf = async (autoscaling: object) => {
      const manifests = await manifestsOf({ ...least, worker: { autoscaling: { enabled: true, ...autoscaling } } });
      const scaler = manifests.find(({ kind }) => kind === 'HorizontalPodAutoscaler');
      const worker = manifests.find(({ metadata: { name }, kind }) => kind === 'Deployment' && name === scaler?.spec.scaleTargetRef.name);
      expect([worker !== undefined, worker?.spec.replicas]).toEqual([true, undefined]);
      return scaler?.spec.metrics.map((metric: { type: string }) => metric.type);
    };
    expect(await metricsOf({})).toEqual(['Resource']);
    expect(await metricsOf({ backlog: { enabled: true } })).toEqual(['External', 'Resource']);
    const none = { enabled: true, cpu: { enabled: false } };
    expect(await refusal({ ...least, worker: { autoscaling: none } })).toContain('needs backlog.enabled or cpu.enabled');
  });

  it('lets no pod reach private addresses, except the ports of the stores', async () => {
    const policies = (await manifestsOf(least)).filter(({ kind }) => kind === 'NetworkPolicy');
    expect(policies).toHaveLength(3);
    for (const { spec } of policies) {
      expect(spec.policyTypes).toEqual(['Ingress', 'Egress']);
      const [dns, stores, ...others] = spec.egress;
      expect([dns, stores].map(({ to }) => to)).toEqual([undefined, undefined]);
      expect(stores.ports.map(({ port }: { port: number }) => port)).toEqual([5432, 7233]);
      for (const { to } of others) expect(to[0].ipBlock.except).toEqual(expect.arrayContaining(['10.0.0.0/8', '169.254.0.0/16']));
    }
  });
});

describe('the schema of the values refuses', () => {
  it.each<[string, object, string]>([
    ['no public URL', { ...least, publicUrl: '' }, 'publicUrl'],
    ['no address of Temporal', { ...least, temporal: {} }, 'temporal/address'],
    ['an unknown value', { ...least, replicas: 3 }, 'replicas'],
    ['a misspelt value', { ...least, worker: { replica: 3 } }, 'replica'],
    ['a secret in the configuration', { ...least, config: { POSTHORN_MASTER_KEY: 'x' } }, 'POSTHORN_MASTER_KEY'],
    ['a port that probes would miss', { ...least, config: { PORT: '9000' } }, 'PORT'],
    ['a number where Kubernetes wants text', { ...least, config: { POSTHORN_LANES: 5 } }, 'POSTHORN_LANES'],
  ])('%s', async (_what, values, named) => {
    expect(await refusal(values)).toContain(named);
  });
});
