// JSON schemas of Kubernetes' objects for kubeconform, which would fetch them from the network. The PyPI package
// kubernetes-validate has those of many versions.
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { packageFolder } from '../support/python.ts';

const kinds = [
  'deployment-apps-v1',
  'horizontalpodautoscaler-autoscaling-v2',
  'ingress-networking-v1',
  'job-batch-v1',
  'networkpolicy-networking-v1',
  'poddisruptionbudget-policy-v1',
  'service-v1',
  'serviceaccount-v1',
];
const definitions = '/api/_definitions.json#';

/** Writes them into `folder`, strict and without references to other files. Returns the argument for kubeconform. */
export async function writeSchemas(version: string, folder: string): Promise<string> {
  const all = await packageFolder('kubernetes-validate', '1.37.0');
  const from = join(all, 'kubernetes_validate/kubernetes-json-schema', `v${version}-local-strict`);
  const read = (name: string) => JSON.parse(readFileSync(join(from, `${name}.json`), 'utf8').replaceAll(definitions, '#')) as object;
  const { $defs } = read('_definitions') as { $defs: Record<string, object> };
  for (const kind of kinds) {
    const schema = { ...read(kind), $id: undefined };
    writeFileSync(join(folder, `${kind}.json`), JSON.stringify({ ...schema, $defs: usedBy(schema, $defs) }));
  }
  return join(folder, '{{.ResourceKind}}{{.KindSuffix}}.json');
}

/** The definitions that a schema refers to, and those that they refer to. All of them would take seconds to compile. */
function usedBy(schema: object, all: Record<string, object>): Record<string, object> {
  const used: Record<string, object> = {};
  const queue = [schema];
  for (let next = queue.pop(); next; next = queue.pop()) {
    for (const [, name = ''] of JSON.stringify(next).matchAll(/"#\/\$defs\/([^"]+)"/g)) {
      const found = all[name];
      if (!found || name in used) continue;
      used[name] = found;
      queue.push(found);
    }
  }
  return used;
}
