// Temporal's runtime, which a process has once, whichever of its test files comes first.

import { installRuntime } from '#app/worker';
import { createLogger } from '#runtime/logger';

let installed = false;

export function installTestRuntime(): void {
  if (!installed) installRuntime(createLogger('warn'));
  installed = true;
}
