// Temporal's runtime, which a process has once, whichever of its test files comes first.
import { createLogger } from '../../src/logger.ts';
import { installRuntime } from '../../src/worker.ts';

let installed = false;

export function installTestRuntime(): void {
  if (!installed) installRuntime(createLogger('warn'));
  installed = true;
}
