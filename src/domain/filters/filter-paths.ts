// The paths that a filter looks at.
import { type Node, parseFilter } from './parse-filter.ts';

/** The parts of each path, such as `['data', 'items', '*', 'sku']`. `text`: a stored filter. */
export function filterPaths(text: string): string[][] {
  const { filter } = parseFilter(JSON.parse(text));
  return filter ? pathsIn(filter) : [];
}

function pathsIn(node: Node): string[][] {
  if (node.kind === 'compare') return [];
  if (node.kind === 'path') return [node.steps.map((step) => (step === null ? '*' : step.key))];
  return node.kind === 'not' ? pathsIn(node.of) : node.of.flatMap(pathsIn);
}
