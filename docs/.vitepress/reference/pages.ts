// All reference pages that are generated.
import { type ApiDeps, routesOf } from '#api/app';
import { openapiDocument } from '#api/http/openapi';
import { apiPages, type Document, type Page } from './api-pages.ts';
import { commandPage } from './command-page.ts';
import { errorPage } from './error-page.ts';

/** The OpenAPI document of a server at the usual address. */
export function apiDocument(): Document {
  // routes use their dependencies only when they are called
  const deps = { publicOrigin: 'http://127.0.0.1:8080', egressIps: [], home: () => '' } as unknown as ApiDeps;
  const { open, closed } = routesOf(deps);
  return JSON.parse(JSON.stringify(openapiDocument('http://127.0.0.1:8080', [...closed, ...open])));
}

export function referencePages(): Page[] {
  const document = apiDocument();
  return [...apiPages(document), errorPage(document), commandPage()];
}
