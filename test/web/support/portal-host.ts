// The example of a product that shows the portal inside its page, built and running on a port of its own.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { build } from 'rolldown';
import { ownPort } from '../../support/own-port.ts';
import { testApiKey } from '../../support/posthorn.ts';

const example = 'examples/portal-react';
const dist = join(example, 'dist');

export interface PortalHost {
  /** Another site than Posthorn's: localhost. */
  origin: string;
  close(): Promise<void>;
}

export async function startPortalHost(posthornOrigin: string, tenant: string): Promise<PortalHost> {
  await buildExample();
  const port = await ownPort();
  const child = spawn(process.execPath, ['--conditions=posthorn-source', join(example, 'server.mjs')], {
    env: { ...process.env, POSTHORN_URL: posthornOrigin, POSTHORN_API_KEY: testApiKey, TENANT: tenant, PORT: String(port) },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  await once(createInterface(child.stdout), 'line');
  return { origin: `http://localhost:${port}`, close: () => closed(child) };
}

async function closed(child: ChildProcess): Promise<void> {
  child.kill();
  if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
  rmSync(dist, { recursive: true, force: true });
}

/** As `vite build` does it, from the sources of the packages. */
async function buildExample(): Promise<void> {
  const { output } = await build({
    input: join(example, 'app/main.tsx'),
    write: false,
    platform: 'browser',
    logLevel: 'silent',
    resolve: { conditionNames: ['posthorn-source', 'import', 'default'] },
    transform: { define: { 'process.env.NODE_ENV': '"production"' } },
    output: { format: 'esm', codeSplitting: false },
  });
  mkdirSync(dist, { recursive: true });
  writeFileSync(join(dist, 'main.js'), output[0].code);
  writeFileSync(join(dist, 'index.html'), readFileSync(join(example, 'index.html'), 'utf8').replace('./app/main.tsx', './main.js'));
}
