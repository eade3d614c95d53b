// Gives the endpoints that pin a version of a type the converters of now. Called in the transaction that changes these,
// under the exclusive lock of pins.
import { readConverters } from '#db/catalogue/converters';
import { endpointsPinning, setShape } from '#db/endpoints/shapes';
import { wayBetween } from '#domain/shaping/pins';
import { openShape, sealShape } from '#sealing/shape';
import { Problem } from '../../http/problem.ts';
import type { ApiDeps } from '../deps.ts';

const pageSize = 200;

/** Throws a 409 when events of the current version could no longer be converted for one of them. */
export async function reshapePinned(db: Pick<ApiDeps['db'], 'query'>, vault: ApiDeps['vault'], type: string): Promise<void> {
  for (let after: string | null = null; ; ) {
    const page = await endpointsPinning(db, type, after, pageSize);
    for (const { endpointId, shape } of page) {
      const { transform, versions } = openShape(vault, shape.id, shape.sealed);
      const known = await readConverters(db, Object.keys(versions ?? {}));
      refuseWithoutWay(type, versions?.[type], known.get(type), endpointId);
      const pins = Object.entries(versions ?? {}).map(([name, to]) => [name, { to, converters: known.get(name)?.converters ?? [] }]);
      await setShape(db, endpointId, sealShape(vault, endpointId, { transform, versions }, Object.fromEntries(pins)));
    }
    after = page.at(-1)?.endpointId ?? null;
    if (page.length < pageSize) return;
  }
}

type Known = Awaited<ReturnType<typeof readConverters>> extends Map<string, infer K> ? K | undefined : never;

function refuseWithoutWay(type: string, to: number | undefined, known: Known, endpointId: string): void {
  const current = known?.versions.at(-1);
  if (to === undefined || current === undefined || wayBetween(known?.converters ?? [], current, to)) return;
  const message = `no converter would lead from version ${current} of ${type} to version ${to}, which ${endpointId} has pinned`;
  throw new Problem(409, `${message}. Send such a converter first (with a new version: in \`converters\`), or unpin the version.`, {
    errors: [{ path: 'converters', message }],
  });
}
