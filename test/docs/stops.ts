// The files of the README section "Follow one event", in order.
import { readFileSync } from 'node:fs';

export const stopsOfOneEvent = [...readFileSync('README.md', 'utf8').matchAll(/^\d+\. `(src\/[^`]+)`/gm)].map((match) => match[1] ?? '');
