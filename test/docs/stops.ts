// The files of README's "Follow one event", in their order.
import { readFileSync } from 'node:fs';

export const stopsOfOneEvent = [...readFileSync('README.md', 'utf8').matchAll(/^\d+\. `(src\/[^`]+)`/gm)].map((match) => match[1] ?? '');
