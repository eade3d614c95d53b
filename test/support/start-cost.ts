// What makes the start of a process cheaper, and a run starts many: the compile cache that all of them share, since compiling is
// half of the work, and a young heap that need not grow first, a tenth.
import { join } from 'node:path';

export const testCache = join(import.meta.dirname, '../../node_modules/.cache/posthorn-test');
/** The value of NODE_COMPILE_CACHE, for a process that does not inherit our environment. */
export const compileCache = join(testCache, 'compiled');
export const nodeFlags = ['--min-semi-space-size=16'];
/** Only a failing test waits this long: with other work on the machine, a start of seconds may take minutes. */
export const startTimeoutMs = 300_000;
