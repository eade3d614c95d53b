// Checks docker-compose.yml and Dockerfile as text, without a container engine.
// `compose-spec.SOURCE.md` names the source of the schema.
import { readFileSync } from 'node:fs';
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
const longRunning = services.filter(([, service]) => !oneShot(service));
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

  it('runs PostgreSQL, Temporal, its Web UI, the API and two workers, and restarts them until they are stopped', () => {
    expect(longRunning.map(([name]) => name).sort()).toEqual(['api', 'postgres', 'temporal', 'temporal-ui', 'worker']);
    expect(longRunning.map(([, { restart }]) => restart)).toEqual(longRunning.map(() => 'unless-stopped'));
    expect(compose.services.worker?.deploy).toEqual({ replicas: 2 });
    expect(own.map(([name, { command }]) => [name, command])).toEqual([
      ['migrate', ['node', 'bin/posthorn.js', 'migrate']],
      ['api', ['node', 'bin/posthorn.js', 'server']],
      ['worker', ['node', 'bin/posthorn.js', 'worker']],
    ]);
  });

  it.each(services)('pins the image of %s to a full version', (_name, { image }) => {
    expect(image).toMatch(/^[a-z/-]+:\d+\.\d+(\.\d+)?(-[a-z0-9.]+)?$/);
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
    expect(compose.services.worker?.healthcheck?.test.at(-1)).toContain(`http://127.0.0.1:${port}/readyz'`);
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
          expect(value, `${name}: ${variable}`).toMatch(/\$\{[A-Z_]+:\?[^}]+\}/);
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

  it('passes on the variables for trusted proxies, the API rate and outbound requests', () => {
    for (const name of ['TRUST_PROXY', 'API_RATE', 'EGRESS_PROXY', 'EGRESS_IPS', 'CA_FILE', 'VERIFY_ENDPOINTS']) {
      const set = load({ ...allSecrets, [`POSTHORN_${name}`]: 'set' });
      expect([name, set.services.worker?.environment?.[`POSTHORN_${name}`]]).toEqual([name, 'set']);
    }
  });

  it('publishes ports only on 127.0.0.1, and none of PostgreSQL and Temporal', () => {
    const published = services.flatMap(([name, { ports = [] }]) => ports.map((port) => `${name} ${port}`));
    expect(published.sort()).toEqual(['api 127.0.0.1:8080:8080', 'temporal-ui 127.0.0.1:8233:8080']);
    expect(compose.networks.stores).toEqual({ internal: true });
    for (const name of ['postgres', 'temporal']) expect(compose.services[name]?.networks).toEqual(['stores']);
  });

  it('stores the data in a named volume, with a database for each service', () => {
    expect(compose.services.postgres?.volumes).toEqual(['postgres-data:/var/lib/postgresql']);
    expect(compose.volumes).toHaveProperty('postgres-data');
    for (const database of ['posthorn', 'temporal', 'temporal_visibility'])
      expect(compose.configs.databases?.content).toContain(`create database ${database} `);
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
