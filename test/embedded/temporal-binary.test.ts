import { execFileSync } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { callOf, findTemporalBinary } from '#embedded/temporal-binary';
import { scratchFolder } from './scratch.ts';

const saying = (server: string) => `#!/bin/sh\necho "temporal version 1.5.1 (Server ${server}, UI 2.42.1)"\n`;
// refuses connections: a machine without a network
const nowhere = 'http://127.0.0.1:1/cli';

function script(folder: string, name: string, text: string): string {
  mkdirSync(folder, { recursive: true });
  const file = join(folder, name);
  writeFileSync(file, text);
  chmodSync(file, 0o755);
  return file;
}

/** Sets a PATH that begins with a `temporal` that is too old, before any on this machine. */
function usePath(folder: string, rest: string): void {
  const { PATH } = process.env;
  onTestFinished(() => void Object.assign(process.env, { PATH }));
  script(folder, 'temporal', saying('1.28.4'));
  process.env.PATH = `${folder}${rest}`;
}

it('prefers a command on the PATH that is new enough, then the cached one', async () => {
  const folder = scratchFolder();
  usePath(join(folder, 'path'), ':/usr/bin:/bin');
  const cached = script(join(folder, 'posthorn/temporal/v1.5.1'), 'temporal', saying('1.29.1'));
  expect(await findTemporalBinary({ cacheDir: folder, directory: nowhere })).toBe(cached);
  expect(await callOf(cached)).toBe(cached);
  const own = script(join(folder, 'path'), 'temporal', saying('1.30.0'));
  expect(await findTemporalBinary({ cacheDir: folder, directory: nowhere })).toBe(own);
  expect(await callOf(own)).toBe('temporal');
});

it('downloads the archive that the download service names', async () => {
  const folder = scratchFolder();
  usePath(join(folder, 'path'), ':/usr/bin:/bin');
  script(folder, 'temporal', saying('1.29.1'));
  const archive = execFileSync('tar', ['-czf', '-', '-C', folder, 'temporal']);
  const asked: string[] = [];
  const service = createServer((request, response) => {
    asked.push(request.url ?? '');
    const archiveUrl = `http://${request.headers.host}/archive`;
    response.end(request.url === '/archive' ? archive : JSON.stringify({ archiveUrl, fileToExtract: 'temporal' }));
  }).listen(0, '127.0.0.1');
  onTestFinished(() => void service.close());
  await new Promise((resolve) => service.once('listening', resolve));
  const directory = `http://127.0.0.1:${(service.address() as AddressInfo).port}/cli`;
  const found = await findTemporalBinary({ cacheDir: join(folder, 'cache'), directory });
  expect(found).toBe(join(folder, 'cache/posthorn/temporal/v1.5.1/temporal'));
  expect(asked[0]).toMatch(/^\/cli\/v1\.5\.1\?platform=(linux|darwin)&arch=(amd64|arm64)/);
  expect(await findTemporalBinary({ cacheDir: join(folder, 'cache'), directory: nowhere })).toBe(found);
});

it('builds the command with Go, once for two concurrent calls, and leaves no partial files', async () => {
  const folder = scratchFolder();
  usePath(join(folder, 'path'), ':/usr/bin:/bin');
  const go = `#!/bin/sh\necho built >> ${folder}/builds\ncat > "$GOBIN/temporal" <<'E'\n${saying('1.29.1')}E\nchmod 755 "$GOBIN/temporal"\n`;
  script(join(folder, 'path'), 'go', go);
  const lines: string[] = [];
  const options = { cacheDir: folder, directory: nowhere, log: (line: string) => void lines.push(line) };
  const [first, second] = await Promise.all([findTemporalBinary(options), findTemporalBinary(options)]);
  expect(first).toBe(second);
  expect(execFileSync('wc', ['-l', join(folder, 'builds')], { encoding: 'utf8' })).toMatch(/^1 /);
  expect(lines).toContainEqual(expect.stringMatching(/could not be downloaded/));
  expect(lines).toContain(
    "building the Temporal server v1.5.1 with Go, once: about 4 minutes on 2 free cores. Go's caches keep up to 3 GB of it, which `go clean -cache -modcache` frees",
  );
  expect(readdirSync(join(folder, 'posthorn/temporal/v1.5.1'))).toEqual(['temporal']);
});

it('names the three solutions if there is no command, or if the build fails', async () => {
  const folder = scratchFolder();
  usePath(join(folder, 'path'), '');
  const options = { cacheDir: join(folder, 'cache'), directory: nowhere };
  await expect(findTemporalBinary(options)).rejects.toThrow(/Go is not installed.*PATH.*install Go.*TEMPORAL_ADDRESS/);
  process.env.PATH += ':/usr/bin:/bin';
  script(join(folder, 'path'), 'go', '#!/bin/sh\necho "go: no such module" >&2\nexit 1\n');
  await expect(findTemporalBinary(options)).rejects.toThrow(/building it with Go failed: go: no such module\. Do one of these/);
  expect(existsSync(join(folder, 'cache/posthorn/temporal/v1.5.1/temporal'))).toBe(false);
});
