// The files of "Follow one event" in CONTRIBUTING.md, in their order.
import { readFileSync } from 'node:fs';

export const stopsOfOneEvent = [...readFileSync('CONTRIBUTING.md', 'utf8').matchAll(/^\d+\. `(src\/[^`]+)`/gm)].map(
  (match) => match[1] ?? '',
);
