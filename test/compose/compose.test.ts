// Checks docker-compose.yml, the files in deploy/compose that it mounts, and Dockerfile, without a container engine.
// `compose-spec.SOURCE.md` names the source of the schema.
import { existsSync, readFileSync } from 'node:fs';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { variables } from '#config/config';
import packageJson from '../../package.json' with { type: 'json' };
import schema from './compose-spec.json' with { type: 'json' };

interface Service {
  image: string;
  restart?: string;
  command?: string | string[];
  environment?: Record<string, string>;
  healthcheck?: { test: string[]; interval: string; timeout: string; retries: number };
  depends_on?: Record<string, { condition: string }>;
  deploy?: { replicas: number };
  ports?: string[];
  volumes?: string[];
  networks?: string[];
  profiles?: string[];
  entrypoint?: string[];
}
interface Compose {
  services: Record<string, Service>;
  configs: Record<string, { content: string }>;
  networks: Record<string, { internal?: boolean }>;
  volumes: Record<string, unknown>;
}

const read = (name: string) => readFileSync(new URL(`../../${name}`, import.meta.url), 'utf8');
const composeText = read('docker-compose.yml');
const dockerfile = read('Dockerfile');
const dockerignore = read('.dockerignore').split('\n');

const secrets = ['POSTGRES_PASSWORD', 'POSTHORN_DB_PASSWORD', 'TEMPORAL_DB_PASSWORD', 'POSTHORN_API_KEY', 'POSTHORN_MASTER_KEY'];
const allSecrets = Object.fromEntries(secrets.map((name) => [name, `value-of-${name}`]));

/** Substitutes `$NAME` like Compose, as far as this file uses it. */
function interpolate(text: string, env: Record<string, string>): string {
  return text.replaceAll(
    /\$(?:(\$)|\{([A-Z_]+)(?::([-?])([^}]*))?\})/g,
    (_all, dollar?: string, name = '', operator?: string, rest = '') => {
      if (dollar) return dollar;
      if (env[name]) return env[name];
      if (operator !== '-') throw new Error(`${name} ${rest}`);
      return rest;
    },
  );
}

function load(env: Record<string, string> = allSecrets): Compose {
  const written: unknown = parse(composeText, { merge: true });
  return JSON.parse(interpolate(JSON.stringify(written), env)) as Compose;
}

const compose = load();
const services = Object.entries(compose.services);
const oneShot = (service: Service) => service.restart?.startsWith('on-failure') ?? false;
const byDefault = services.filter(([, { profiles }]) => profiles === undefined);
const longRunning = byDefault.filter(([, service]) => !oneShot(service));
const own = services.filter(([, { image }]) => image.startsWith('posthorn:'));

describe('docker-compose.yml', () => {
  it('is valid by the schema of the Compose Specification', () => {
    const goDuration = /^(\d+(\.\d+)?(ns|us|µs|ms|s|m|h))+$/;
    const ajv = new Ajv2020({ strict: false, allErrors: true, formats: { duration: goDuration } });
    const validate = ajv.compile(schema);
    validate(compose);
    expect(validate.errors).toBeNull();
    expect(validate({ services: { api: { ...compose.services.api, helthcheck: {} } } })).toBe(false);
  });

  it('runs PostgreSQL, Temporal, its Web UI, two APIs behind a balancer and two workers, and restarts them until they are stopped', () => {
    expect(longRunning.map(([name]) => name).sort()).toEqual(['api', 'balancer', 'postgres', 'temporal', 'temporal-ui', 'worker']);
    expect(longRunning.map(([, { restart }]) => restart)).toEqual(longRunning.map(() => 'unless-stopped'));
    for (const name of ['api', 'worker']) expect(compose.services[name]?.deploy).toEqual({ replicas: 2 });
    expect(own.map(([name, { command }]) => [name, command])).toEqual([
      ['migrate', ['node', 'bin/posthorn.js', 'migrate']],
      ['api', ['node', 'bin/posthorn.js', 'server']],
      ['worker', ['node', 'bin/posthorn.js', 'worker']],
    ]);
  });

  it.each(services)('pins the image of %s to a full version', (_name, { image }) => {
    expect(image).toMatch(/^[a-z/-]+:v?\d+\.\d+(\.\d+)?(-[a-z0-9.]+)?$/);
  });

  it('builds the image of this version, and uses a single version of Temporal, 1.29 or later', () => {
    expect(new Set(own.map(([, { image }]) => image))).toEqual(new Set([`posthorn:${packageJson.version}`]));
    const versions = services.flatMap(([, { image }]) => /^temporalio\/(?:server|admin-tools):(.*)$/.exec(image)?.[1] ?? []);
    expect(new Set(versions).size).toBe(1);
    const [major = 0, minor = 0] = (versions[0] ?? '').split('.').map(Number);
    expect(major > 1 || (major === 1 && minor >= 29)).toBe(true);
  });

  it.each(longRunning)('checks the health of %s', (_name, { healthcheck }) => {
    expect(healthcheck?.test[0]).toBe('CMD');
    expect(healthcheck).toMatchObject({ interval: expect.any(String), timeout: expect.any(String), retries: expect.any(Number) });
  });

  it('takes a worker for healthy while it is ready, by its own port', () => {
    const port = compose.services.worker?.environment?.POSTHORN_METRICS_PORT;
    expect(port).toMatch(/^\d+$/);
    expect(compose.services.worker?.healthcheck?.test.at(-1)).toContain(
      "'http://127.0.0.1:' + process.env.POSTHORN_METRICS_PORT + '/readyz'",
    );
    expect(read('deploy/compose/prometheus.yml')).toContain(`port: ${port}`);
  });

  it('starts each service after the services it needs', () => {
    for (const [name, { depends_on: needs = {} }] of services) {
      for (const [needed, { condition }] of Object.entries(needs)) {
        const service = compose.services[needed];
        expect(service, `${name} needs ${needed}`).toBeDefined();
        expect(condition, `${name} needs ${needed}`).toBe(
          service && oneShot(service) ? 'service_completed_successfully' : 'service_healthy',
        );
      }
    }
    for (const name of ['api', 'worker'])
      expect(Object.keys(compose.services[name]?.depends_on ?? {}).sort()).toEqual(['migrate', 'postgres', 'temporal-namespace']);
  });

  it.each(secrets)('does not start without %s, and names it in the error', (name) => {
    expect(() => load({ ...allSecrets, [name]: '' })).toThrow(`${name} is not set`);
  });

  it('contains no secret: every secret is a variable without a default', () => {
    const written = parse(composeText, { merge: true }) as Compose;
    for (const [name, service] of Object.entries(written.services)) {
      for (const [variable, value] of Object.entries(service.environment ?? {})) {
        if (/PASSWORD|PWD|KEY|SECRET|TOKEN|DATABASE_URL/.test(variable))
          expect(value, `${name}: ${variable}`).toMatch(/\$\{[A-Z_]+:(\?[^}]+|-)\}/);
      }
    }
    expect(composeText).not.toMatch(/:\/\/[^:/\s]+:(?!\$\{)[^@/\s]+@/);
    for (const { content } of Object.values(written.configs)) expect(content).not.toMatch(/password\s+'/i);
  });

  it('gives every Posthorn process the same variables, all of which it knows', () => {
    for (const [name, { environment = {} }] of own) {
      expect(
        Object.keys(environment).filter((variable) => !(variable in variables.shape)),
        name,
      ).toEqual([]);
      expect(environment, name).toEqual(compose.services.api?.environment);
    }
    const set = Object.entries({ ...compose.services.api?.environment, POSTHORN_MASTER_KEY: Buffer.alloc(32).toString('base64') });
    expect(variables.safeParse(Object.fromEntries(set.filter(([, value]) => value !== ''))).error).toBeUndefined();
  });

  it('passes on every setting of the schema, except those of embedded servers and those that the image sets', () => {
    const missing = Object.keys(variables.shape).filter((name) => !(name in (compose.services.worker?.environment ?? {})));
    const ofImage = ['HOST', 'PORT'];
    const ofEmbedded = ['POSTHORN_DATA_DIR', 'TEMPORAL_PORT', 'TEMPORAL_UI_PORT', 'XDG_CACHE_HOME', 'XDG_CONFIG_HOME'];
    expect(missing.sort(), 'must stand in x-posthorn-environment').toEqual([...ofImage, ...ofEmbedded].sort());
    for (const name of ofImage) expect(dockerfile).toMatch(new RegExp(`^ENV .*\\b${name}=`, 'm'));
  });

  it('passes on each as it stands in the environment, and none is set without it', () => {
    const given = Object.keys(compose.services.worker?.environment ?? {}).filter(
      (name) => !['DATABASE_URL', 'TEMPORAL_ADDRESS'].includes(name),
    );
    const set = load({ ...allSecrets, ...Object.fromEntries(given.map((name) => [name, `value-of-${name}`])) });
    expect(given.filter((name) => set.services.worker?.environment?.[name] !== `value-of-${name}`)).toEqual([]);
    const hasDefault = given.filter((name) => !secrets.includes(name) && compose.services.worker?.environment?.[name] !== '');
    const defaults = ['POSTHORN_METRICS_PORT', 'POSTHORN_PUBLIC_URL', 'POSTHORN_TRUST_PROXY', 'TEMPORAL_NAMESPACE', 'TEMPORAL_UI_URL'];
    expect(hasDefault.sort()).toEqual(defaults);
  });

  it('gives links that work on the host, not only between the containers', () => {
    expect(compose.services.api?.environment?.POSTHORN_PUBLIC_URL).toBe('http://127.0.0.1:8080');
    expect(compose.services.balancer?.ports).toEqual(['127.0.0.1:8080:8080']);
  });

  it('keeps closed workflows as long as a dead letter stays open', () => {
    const hours = variables.shape.POSTHORN_DEAD_LETTER_DAYS.parse(undefined) * 24;
    expect(composeText).toContain(`namespace create --namespace "$$TEMPORAL_NAMESPACE" --retention ${hours}h`);
  });

  it('mounts only files that are there, and read-only', () => {
    const mounts = services.flatMap(([, { volumes = [] }]) => volumes.filter((volume) => volume.startsWith('./')));
    expect(mounts.length).toBeGreaterThan(5);
    for (const mount of mounts) {
      expect(mount).toMatch(/^\.\/deploy\/[\w./-]+:\/[\w./-]+:ro$/);
      expect(existsSync(mount.split(':')[0] ?? ''), mount).toBe(true);
    }
  });

  it('publishes ports only on 127.0.0.1, and none of PostgreSQL and Temporal', () => {
    const published = services.flatMap(([name, { ports = [] }]) => ports.map((port) => `${name} ${port}`));
    expect(published.sort()).toEqual([
      'balancer 127.0.0.1:8080:8080',
      'grafana 127.0.0.1:3000:3000',
      'prometheus 127.0.0.1:9090:9090',
      'temporal-ui 127.0.0.1:8233:8080',
    ]);
    expect(compose.networks.stores).toEqual({ internal: true });
    for (const name of ['postgres', 'temporal']) expect(compose.services[name]?.networks).toEqual(['stores']);
  });

  it('stores the data in a named volume, with a database for each service', () => {
    expect(compose.services.postgres?.volumes).toEqual(['postgres-data:/var/lib/postgresql']);
    expect(compose.volumes).toHaveProperty('postgres-data');
    for (const database of ['posthorn', 'temporal', 'temporal_visibility'])
      expect(compose.configs.databases?.content).toContain(`create database ${database} `);
  });

  it('adds collector, Prometheus and Grafana only in their profile, and Grafana only with a password', () => {
    const added = services.filter(([, { profiles }]) => profiles);
    expect(added.map(([name, { profiles }]) => [name, profiles])).toEqual(
      ['collector', 'prometheus', 'grafana'].map((name) => [name, ['observability']]),
    );
    expect(compose.services.grafana?.entrypoint?.at(-1)).toContain('GRAFANA_PASSWORD is not set');
    const { receivers, exporters, service } = parse(read('deploy/compose/collector.yml'));
    expect([Object.keys(receivers), Object.keys(exporters)]).toEqual([
      service.pipelines.traces.receivers,
      service.pipelines.traces.exporters,
    ]);
    const { scrape_configs: jobs } = parse(read('deploy/compose/prometheus.yml')) as {
      scrape_configs: { dns_sd_configs: { names: string[] }[] }[];
    };
    expect(jobs.flatMap(({ dns_sd_configs: found }) => found.flatMap(({ names }) => names))).toEqual(['api', 'worker']);
  });

  it('balances over the APIs that are ready', () => {
    const balancer = read('deploy/compose/haproxy.cfg');
    expect(balancer.match(/server-template api 1-8 api:8080/g)).toHaveLength(2);
    expect(balancer.match(/option httpchk GET \/readyz/g)).toHaveLength(2);
    expect(balancer).toContain('option forwardfor');
  });

  // test/db/audit/audit.test.ts runs it
  it.each(['posthorn_tenant_of_posthorn', 'posthorn_audit_of_posthorn'])(
    'creates %s for the owner of the tables, who cannot create roles',
    (role) => {
      expect(compose.configs.databases?.content).toContain(`create role ${role} nologin;`);
      expect(compose.configs.databases?.content).toContain(`grant ${role} to posthorn;`);
    },
  );

  it("enables Temporal's fairness", () => {
    expect(parse(compose.configs['temporal-dynamic-config']?.content ?? '')).toEqual({
      'matching.useNewMatcher': [{ value: true }],
      'matching.enableFairness': [{ value: true }],
    });
  });
});

describe('Dockerfile', () => {
  const stages = dockerfile.split(/^(?=FROM )/m).slice(1);
  const last = stages.at(-1) ?? '';

  it('starts every stage from the same pinned image of Node 24', () => {
    const images = stages.map((stage) => /^FROM (\S+)/.exec(stage)?.[1] ?? '');
    expect(new Set(images).size).toBe(1);
    expect(images[0]).toMatch(/^node:24\.\d+\.\d+-[a-z]+-slim$/);
  });

  it('runs as a user other than root, without development packages, and has a health check', () => {
    expect(last).toMatch(/^USER node$/m);
    expect(last).not.toMatch(/^USER root/m);
    expect(last).not.toMatch(/npm (ci|install)/);
    for (const folder of packageJson.workspaces) expect(dockerfile).toContain(`COPY ${folder}/package.json ${folder}/\n`);
    expect(dockerfile.match(/(?<=^RUN )npm install.*/gm)).toEqual([
      'npm install --no-save --no-audit --no-fund',
      'npm install --no-save --omit=dev --workspaces=false --no-audit --no-fund',
    ]);
    expect(last).toMatch(/^HEALTHCHECK .*\\\n {2}CMD \["node", .*\/healthz.*\]$/m);
    expect(last).toMatch(/^CMD \["node", "bin\/posthorn\.js", "start"\]$/m);
  });

  it('copies no secret and no local data into the image', () => {
    expect(dockerfile).not.toMatch(/PASSWORD|API_KEY|MASTER_KEY|^ARG /m);
    for (const name of ['.env', '.env.*', '.posthorn', '.git', 'node_modules']) expect(dockerignore).toContain(name);
  });
});
