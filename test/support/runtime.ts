// Installs Temporal's runtime once per process, whichever test file comes first.

import { installRuntime } from '#app/temporal-runtime';
import { createLogger } from '#runtime/logger';

let installed = false;

export function installTestRuntime(): void {
  if (!installed) installRuntime(createLogger('warn'));
  installed = true;
}
