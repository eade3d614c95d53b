// Components in chunks of their own. If Posthorn is away when one is wanted, it is read when Posthorn is back. If Posthorn was
// upgraded, the file is gone: the router loads the whole page again, at its address; a part is left out, and a bar asks to reload.
import { lazyRouteComponent } from '@tanstack/react-router';
import { type ComponentType, lazy } from 'react';
import { connection } from '../api/connection.ts';
import { upgrade } from '../api/upgrade.ts';

type Module = Record<string, unknown>;

/** @example component: lazyPage(() => import('./Deliveries.tsx'), 'Deliveries') */
export function lazyPage<T extends Module, K extends keyof T & string>(importer: () => Promise<T>, name: K) {
  return lazyRouteComponent(() => readWhenThere(importer), name);
}

/** A part of a page that is not needed at first. It needs a Suspense around it. `Without` stands in its place when its file is gone. */
export function lazyPart<Props extends object>(importer: () => Promise<ComponentType<Props>>, Without: ComponentType<Props> = () => null) {
  return lazy(async () => {
    try {
      return { default: await readWhenThere(importer) };
    } catch (error) {
      if (!(error instanceof FileGone)) throw error;
      upgrade.saw();
      return { default: Without };
    }
  });
}

/** As browsers and Vite say that a script or a style sheet could not be read. */
const unread =
  /^(Failed to fetch dynamically imported|error loading dynamically imported|Importing a module script failed|Unable to preload CSS)/;

const againMs = 1_000;

class FileGone extends Error {
  /** The router knows it by these words, and then loads the page again. */
  constructor(cause: Error) {
    super(`Failed to fetch dynamically imported module: ${cause.message}`, { cause });
  }
}

/** A file that cannot be read is asked for once more: the network may have failed for a moment. */
async function readWhenThere<T>(importer: () => Promise<T>, isAgain = false): Promise<T> {
  try {
    return await importer();
  } catch (error) {
    if (!(error instanceof Error && unread.test(error.message))) throw error;
    const answers = await fetch('/healthz', { cache: 'no-store' }).then(
      ({ ok }) => ok,
      () => false,
    );
    if (answers && isAgain) throw new FileGone(error);
    if (answers) {
      await new Promise((resolve) => setTimeout(resolve, againMs));
      return readWhenThere(importer, true);
    }
    connection.saw('away');
    await connection.isBack();
    return readWhenThere(importer);
  }
}
