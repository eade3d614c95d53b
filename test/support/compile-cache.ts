// The compile cache that all processes of the tests share. Compiling, and leaving out the types before, is half of the work of a
// start.
import { join } from 'node:path';

export const testCache = join(import.meta.dirname, '../../node_modules/.cache/posthorn-test');
/** The value of NODE_COMPILE_CACHE, for a process that does not inherit our environment. */
export const compileCache = join(testCache, 'compiled');
