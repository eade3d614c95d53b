// Which lines two texts have in common, which were removed, and which were added.

export interface DiffLine {
  kind: 'same' | 'removed' | 'added';
  text: string;
}

/** More pairs of lines are not compared: then all lines are shown as removed and added. */
const mostPairs = 4_000_000;

export function lineDiff(before: string, after: string): DiffLine[] {
  const [old, now] = [before.split('\n'), after.split('\n')];
  let start = 0;
  while (start < old.length && start < now.length && old[start] === now[start]) start++;
  let end = 0;
  while (end < old.length - start && end < now.length - start && old.at(-1 - end) === now.at(-1 - end)) end++;
  const [head, tail] = [old.slice(0, start), old.slice(old.length - end)];
  const same = (text: string): DiffLine => ({ kind: 'same', text });
  return [...head.map(same), ...middle(old.slice(start, old.length - end), now.slice(start, now.length - end)), ...tail.map(same)];
}

/** By the longest common subsequence. */
function middle(old: string[], now: string[]): DiffLine[] {
  const removed = (text: string): DiffLine => ({ kind: 'removed', text });
  const added = (text: string): DiffLine => ({ kind: 'added', text });
  if (old.length * now.length > mostPairs) return [...old.map(removed), ...now.map(added)];
  const width = now.length + 1;
  // the length of the longest one from each pair of places on
  const longest = new Uint16Array((old.length + 1) * width);
  const at = (i: number, j: number) => longest[i * width + j] ?? 0;
  for (let i = old.length - 1; i >= 0; i--)
    for (let j = now.length - 1; j >= 0; j--)
      longest[i * width + j] = old[i] === now[j] ? at(i + 1, j + 1) + 1 : Math.max(at(i + 1, j), at(i, j + 1));
  const lines: DiffLine[] = [];
  let [i, j] = [0, 0];
  while (i < old.length && j < now.length) {
    if (old[i] === now[j]) {
      lines.push({ kind: 'same', text: old[i++] ?? '' });
      j++;
    } else if (at(i + 1, j) >= at(i, j + 1)) lines.push(removed(old[i++] ?? ''));
    else lines.push(added(now[j++] ?? ''));
  }
  return [...lines, ...old.slice(i).map(removed), ...now.slice(j).map(added)];
}
