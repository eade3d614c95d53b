// A filter as a sentence, for lists and summaries.
import type { Field, Node, Test, Value } from './model.ts';
import type { FilterWords } from './words.ts';

/** @example `data.amount is at least 100 and data.currency is one of "EUR" or "USD"` */
export function describeFilter(nodes: readonly Node[], words: FilterWords): string {
  return nodes.map((node) => nodeText(node, words, nodes.length > 1)).join(words.and);
}

function nodeText(node: Node, words: FilterWords, isPart: boolean): string {
  if (node.kind === 'field') return fieldText(node, words);
  return joined(node, words, isPart, (inner, part) => nodeText(inner, words, part));
}

function fieldText({ path, of }: Field, words: FilterWords): string {
  return `${path} ${of.map((test) => testText(test, words, of.length > 1)).join(words.and)}`;
}

function testText(test: Test, words: FilterWords, isPart: boolean): string {
  if (test.kind === 'group') return joined(test, words, isPart, (inner, part) => testText(inner, words, part));
  const { operator, values } = test;
  const [first] = values;
  if (operator === '$exists') return words.exists(first?.type === 'boolean' && first.is);
  return `${words.operators[operator]} ${words.list(values.map((value) => valueText(value, words)))}`;
}

function joined<N>(
  { join, of }: { join: 'all' | 'any' | 'not'; of: readonly N[] },
  words: FilterWords,
  isPart: boolean,
  text: (inner: N, isPart: boolean) => string,
): string {
  const parts = of.map((inner) => text(inner, of.length > 1));
  if (join === 'not') return words.not(parts.join(words.and));
  const all = parts.join(join === 'any' ? words.or : words.and);
  return isPart && of.length > 1 ? `(${all})` : all;
}

function valueText(value: Value, words: FilterWords): string {
  if (value.type === 'null') return 'null';
  if (value.type === 'boolean') return value.is ? words.yes : words.no;
  return value.type === 'text' ? JSON.stringify(value.text) : value.text;
}
