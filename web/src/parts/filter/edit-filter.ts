// Changes of a filter in the builder. Each makes a new tree and leaves the old one as it is.
import type { Comparison } from '../../../../src/domain/filters/parse-filter.ts';
import type { Compare, Field, Node, Test, Value } from './model.ts';
import type { SchemaField } from './schema-fields.ts';

type Any = Node | Test;

/** The nodes with another one, or none, in the place of the one with this id. */
export function replaced<N extends Any>(nodes: readonly N[], id: string, change: (node: Any) => Any | null): N[] {
  return nodes.flatMap((node): N[] => {
    if (node.id === id) return [change(node)].filter((one) => one !== null) as N[];
    return [node.kind === 'compare' ? node : ({ ...node, of: replaced(node.of as Any[], id, change) } as N)];
  });
}

/** The nodes without this one, and without the groups that it leaves empty. */
export function without<N extends Any>(nodes: readonly N[], id: string): N[] {
  return nodes.flatMap((node): N[] => {
    if (node.id === id) return [];
    if (node.kind === 'compare') return [node];
    const of = without(node.of as Any[], id);
    return of.length === 0 ? [] : [{ ...node, of } as N];
  });
}

/** The nodes with one more at the end of the group or field with this id. */
export function withOneMore<N extends Any>(nodes: readonly N[], id: string, added: Any): N[] {
  return replaced(nodes, id, (node) => (node.kind === 'compare' ? node : ({ ...node, of: [...node.of, added] } as Any)));
}

export const takesList = (operator: Comparison) => operator === '$in' || operator === '$nin';
const takesText = (operator: Comparison) => operator === '$prefix' || operator === '$suffix';

/** The same condition with another operator: its values stay as far as the operator takes them. */
export function withOperator(compare: Compare, operator: Comparison): Compare {
  const changed = { ...compare, operator, isShort: operator === '$eq' };
  if (operator === '$exists') return { ...changed, values: [{ type: 'boolean', is: true }] };
  const [first = { type: 'text', text: '' }] = compare.operator === '$exists' ? [] : compare.values;
  if (takesList(operator)) return { ...changed, values: compare.operator === '$exists' ? [first] : compare.values };
  const fits = takesText(operator) ? first.type === 'text' : !isOrder(operator) || first.type === 'text' || first.type === 'number';
  // most comparisons of order are of numbers, and an empty text would be a value
  const blank: Value = isOrder(operator) ? { type: 'number', text: '' } : { type: 'text', text: '' };
  const isBlank = first.type === 'text' && first.text === '';
  return { ...changed, values: [fits && !isBlank ? first : blank] };
}

/** The field with another path. A value that is not filled in yet becomes one of the type that the schema says. */
export function withPath(field: Field, path: string, known: SchemaField | undefined): Field {
  const isBlank = (test: Test) => test.kind === 'compare' && test.values.every((value) => value.type === 'text' && value.text === '');
  return {
    ...field,
    path,
    of: known ? field.of.map((test) => (isBlank(test) ? ({ ...test, values: [blankOf(known)] } as Test) : test)) : field.of,
  };
}

export function blankOf(known: SchemaField | undefined): Value {
  const [type] = known?.types ?? [];
  if (type === 'number') return { type, text: '' };
  return type === 'boolean' ? { type, is: true } : { type: 'text', text: '' };
}

const isOrder = (operator: Comparison) => ['$gt', '$gte', '$lt', '$lte'].includes(operator);

/** The types of values that an operator takes. */
export function typesOf(operator: Comparison): Value['type'][] {
  if (operator === '$exists') return ['boolean'];
  if (takesText(operator)) return ['text'];
  return isOrder(operator) ? ['number', 'text'] : ['text', 'number', 'boolean', 'null'];
}
