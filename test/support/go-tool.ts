// Command-line tools that `go install` builds once into the user's cache folder.
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, rename, rm } from 'node:fs/promises';
import { homedir } from 'node:os';
import { basename, join } from 'node:path';
import { buildWithGo } from '#embedded/go-build';

export const helm = { module: 'helm.sh/helm/v3/cmd/helm', version: 'v3.18.6', minutes: 2 };
export const kubeconform = { module: 'github.com/yannh/kubeconform/cmd/kubeconform', version: 'v0.7.0', minutes: 0.5 };
export const actionlint = { module: 'github.com/rhysd/actionlint/cmd/actionlint', version: 'v1.7.7', minutes: 0.5 };
export const oapiCodegen = { module: 'github.com/oapi-codegen/oapi-codegen/v2/cmd/oapi-codegen', version: 'v2.8.2', minutes: 1 };

/** The path of the command. Throws if Go or its modules are missing. */
export async function goTool({ module, version, minutes }: typeof helm): Promise<string> {
  const name = basename(module);
  const cache = join(process.env.XDG_CACHE_HOME ?? join(homedir(), '.cache'), 'posthorn', 'go');
  const folder = join(cache, `${name}-${version}`);
  if (existsSync(folder)) return join(folder, name);
  await mkdir(cache, { recursive: true });
  const draft = await mkdtemp(`${folder}-`);
  try {
    const log = (line: string) => void process.stderr.write(`${line}\n`);
    const failure = await buildWithGo({ what: `${name} ${version}`, minutes, packages: [`${module}@${version}`], folder: draft, log });
    if (failure !== undefined) throw new Error(`this test needs Go on the PATH, and once ${module} ${version}: ${failure}`);
    // another run may have built it first
    await rename(draft, folder).catch(() => undefined);
  } finally {
    await rm(draft, { recursive: true, force: true });
  }
  return join(folder, name);
}
