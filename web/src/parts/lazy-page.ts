// Components in chunks of their own. If Posthorn is away when one is wanted, it is read when Posthorn is back.
import { lazyRouteComponent } from '@tanstack/react-router';
import { type ComponentType, lazy } from 'react';
import { connection } from '../api/connection.ts';

type Module = Record<string, unknown>;

/** @example component: lazyPage(() => import('./Deliveries.tsx'), 'Deliveries') */
export function lazyPage<T extends Module, K extends keyof T & string>(importer: () => Promise<T>, name: K) {
  return lazyRouteComponent(() => readWhenThere(importer), name);
}

/** A part of a page that is not needed at first. It needs a Suspense around it. */
export function lazyPart<Props extends object>(importer: () => Promise<ComponentType<Props>>) {
  return lazy(async () => ({ default: await readWhenThere(importer) }));
}

/** If Posthorn answers, the chunk is gone: it was upgraded, and the router loads the whole page again. */
async function readWhenThere<T>(importer: () => Promise<T>): Promise<T> {
  try {
    return await importer();
  } catch (error) {
    const answers = await fetch('/healthz', { cache: 'no-store' }).then(
      ({ ok }) => ok,
      () => false,
    );
    if (answers) throw error;
    connection.saw('away');
    await connection.isBack();
    return importer();
  }
}
