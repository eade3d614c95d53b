// Reads event types from a document, whose format its first field says.

import { isObject } from '../schemas/schema-walk.ts';
import { readCatalogueFile } from './catalogue-file.ts';
import { type ReadDocument, refusedDocument } from './catalogue-type.ts';
import { readAsyncapi } from './import-asyncapi.ts';
import { readOpenapi } from './import-openapi.ts';

export function readDocument(document: unknown): ReadDocument {
  if (isObject(document)) {
    if ('openapi' in document) return readOpenapi(document);
    if ('asyncapi' in document) return readAsyncapi(document);
    if ('eventTypes' in document || 'posthorn' in document) return readCatalogueFile(document);
  }
  const message =
    'must be a catalogue file (with `eventTypes`), an OpenAPI 3.1 document (`openapi`) or an AsyncAPI 3 document (`asyncapi`)';
  return refusedDocument('posthorn', { pointer: '', message });
}
