// The workflow files that test and publish, and the script that checks a release before anything is published.
import { execFile } from 'node:child_process';
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import packageJson from '../../package.json' with { type: 'json' };
import { actionlint, goTool } from '../support/go-tool.ts';

const run = promisify(execFile);
const folder = '.github/workflows';
const files = readdirSync(folder);

interface Job {
  needs?: string | string[];
  permissions?: Record<string, string>;
  steps?: { uses?: string; run?: string; with?: Record<string, string>; env?: Record<string, string> }[];
  'timeout-minutes'?: number;
  uses?: string;
}
const workflows = Object.fromEntries(
  files.map((file) => [file, parse(readFileSync(join(folder, file), 'utf8')) as { permissions: object; jobs: Record<string, Job> }]),
);
const jobs = Object.entries(workflows).flatMap(([file, { jobs }]) => Object.entries(jobs).map(([name, job]) => ({ file, name, job })));

describe('the workflow files', () => {
  it('pass actionlint', async () => {
    const linter = await goTool(actionlint);
    const result = await run(linter, ['-no-color', '-shellcheck=', '-pyflakes=', ...files.map((file) => join(folder, file))]).catch(
      (error) => error,
    );
    expect(result.stdout).toBe('');
    expect(result.code).toBeUndefined();
  });

  it('give a job no right that it does not name, and end a job that hangs', () => {
    expect(Object.keys(workflows).sort()).toEqual(['ci.yml', 'release.yml']);
    for (const { permissions } of Object.values(workflows)) expect(permissions).toEqual({ contents: 'read' });
    for (const { file, name, job } of jobs) if (!job.uses) expect(job['timeout-minutes'], `${file} ${name}`).toBeGreaterThan(0);
    const writers = jobs.filter(({ job }) => Object.values(job.permissions ?? {}).includes('write'));
    expect(writers.map(({ file, name }) => `${file} ${name}`)).toEqual(
      ['image', 'packages', 'chart', 'notes'].map((name) => `release.yml ${name}`),
    );
  });

  it('contain no secret, and give their scripts what others wrote only as environment variables', () => {
    for (const file of files) {
      const text = readFileSync(join(folder, file), 'utf8');
      expect([...text.matchAll(/secrets\.(\w+)/g)].map(([, name]) => name).filter((name) => name !== 'GITHUB_TOKEN')).toEqual([]);
      expect(text).not.toMatch(/npm_[A-Za-z0-9]{20}|gh[ps]_[A-Za-z0-9]{20}|BEGIN [A-Z ]*PRIVATE KEY/);
    }
    for (const { name, job } of jobs) for (const { run: script = '' } of job.steps ?? []) expect(script, name).not.toContain('${{');
  });

  it('publish only what the tests have passed, for two architectures, with provenance', () => {
    const release: Record<string, Job> = workflows['release.yml']?.jobs ?? {};
    expect(release.test?.uses).toBe('./.github/workflows/ci.yml');
    for (const name of ['image', 'packages']) expect(release[name]?.needs).toContain('test');
    expect(release.chart?.needs).toContain('image');
    const push = release.image?.steps?.find(({ with: given }) => given?.platforms);
    expect(push?.with).toMatchObject({ platforms: 'linux/amd64,linux/arm64', provenance: 'mode=max', sbom: true });
    expect(release.packages?.steps?.at(-1)?.run).toContain('npm publish --provenance');
  });
});

describe('bin/release-notes.mjs', () => {
  const version = packageJson.version;
  let root: string;
  beforeAll(() => {
    root = mkdtempSync(join(tmpdir(), 'posthorn-release-'));
    for (const file of ['package.json', 'docker-compose.yml', 'deploy/helm/posthorn/Chart.yaml']) cpSync(file, join(root, file));
  });
  afterAll(() => rmSync(root, { recursive: true, force: true }));
  const notes = async (tag: string, changelog: string) => {
    writeFileSync(join(root, 'CHANGELOG.md'), changelog);
    return run(process.execPath, ['bin/release-notes.mjs', tag, root]).then(
      ({ stdout }) => stdout,
      ({ stderr, code }) => `${code}: ${stderr}`,
    );
  };
  const changelog = `# Changelog\n\n## [Unreleased]\n\n- next\n\n## [${version}] - 2026-12-01\n\n### Added\n\n- a thing\n\n## [0.0.1] - 2026-01-01\n\n- first\n`;

  it('prints the section of the tag', async () => {
    expect(await notes(`v${version}`, changelog)).toBe('### Added\n\n- a thing\n');
  });

  it('refuses a tag that the files do not name, and a version without notes', async () => {
    expect(await notes('v9.9.9', changelog)).toContain(`1: package.json says ${version}, the tag 9.9.9`);
    expect(await notes('1.0', changelog)).toContain('1: 1.0: a tag looks like v1.2.3');
    expect(await notes(`v${version}`, '## [Unreleased]\n\n- next\n')).toContain('has no section');
    expect(await notes(`v${version}`, `## [${version}] - 2026-12-01\n`)).toContain('is empty');
  });
});
