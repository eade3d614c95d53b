// One comparison of the filter builder: the operator, and the values with their types.
import type { Comparison } from '../../../../src/domain/filters/parse-filter.ts';
import { comparisons } from '../../../../src/domain/filters/parse-filter.ts';
import { Button } from '../Button.tsx';
import { blankOf, takesList, typesOf, withOperator } from './edit-filter.ts';
import { useEdits } from './edits.ts';
import type { Compare, Value } from './model.ts';
import type { SchemaField } from './schema-fields.ts';

interface CompareRowProps {
  compare: Compare;
  /** What the schema says about the field. */
  field: SchemaField | undefined;
  isOnly: boolean;
}

export function CompareRow({ compare, field, isOnly }: CompareRowProps) {
  const { replace, remove, problemOf, words } = useEdits();
  const problem = problemOf(compare.id);
  const change = (next: (before: Compare) => Compare) => replace(compare.id, (node) => next(node as Compare));
  const setValue = (at: number, value: Value) =>
    change((before) => ({ ...before, values: before.values.map((one, index) => (index === at ? value : one)) }));
  const isList = takesList(compare.operator);
  const [first = blankOf(field)] = compare.values;
  return (
    <div className="filter-compare">
      <select
        className="input filter-operator"
        aria-label={words.operator}
        value={compare.operator}
        onChange={({ target }) => change((before) => withOperator(before, target.value as Comparison))}
      >
        {comparisons.map((operator) => (
          <option key={operator} value={operator}>
            {words.operators[operator]}
          </option>
        ))}
      </select>
      {(isList ? compare.values : [first]).map((value, index) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: values have no other name
        <div key={index} className="filter-value">
          <ValueInput compare={compare} value={value} field={field} onChange={(next) => setValue(index, next)} />
          {isList && compare.values.length > 1 && (
            <Button
              tone="quiet"
              aria-label={words.removeValue}
              onPress={() => change((before) => ({ ...before, values: before.values.filter((_, at) => at !== index) }))}
            >
              ✕
            </Button>
          )}
        </div>
      ))}
      {isList && (
        <Button tone="quiet" onPress={() => change((before) => ({ ...before, values: [...before.values, sameKind(first)] }))}>
          {words.addValue}
        </Button>
      )}
      {!isOnly && (
        <Button tone="quiet" aria-label={words.remove(words.operators[compare.operator])} onPress={() => remove(compare.id)}>
          ✕
        </Button>
      )}
      {problem && (
        <p className="field-problem" role="alert">
          {problem}
        </p>
      )}
    </div>
  );
}

const sameKind = ({ type }: Value): Value => (type === 'number' ? { type, text: '' } : { type: 'text', text: '' });

interface ValueInputProps {
  compare: Compare;
  value: Value;
  field: SchemaField | undefined;
  onChange: (value: Value) => void;
}

function ValueInput({ compare, value, field, onChange }: ValueInputProps) {
  const { touch, problemOf, words } = useEdits();
  const types = typesOf(compare.operator);
  const list = `${compare.id}-values`;
  const isWrong = problemOf(compare.id) !== undefined || undefined;
  return (
    <>
      {types.length > 1 && (
        <select
          className="input filter-type"
          aria-label={words.type}
          value={value.type}
          onChange={({ target }) => onChange(converted(value, target.value as Value['type']))}
        >
          {types.map((type) => (
            <option key={type} value={type}>
              {words.types[type]}
            </option>
          ))}
        </select>
      )}
      {value.type === 'boolean' && (
        <select
          className="input"
          aria-label={words.value}
          value={String(value.is)}
          onChange={({ target }) => onChange({ type: 'boolean', is: target.value === 'true' })}
        >
          <option value="true">{words.yes}</option>
          <option value="false">{words.no}</option>
        </select>
      )}
      {(value.type === 'text' || value.type === 'number') && (
        <>
          <input
            className="input"
            aria-label={words.value}
            aria-invalid={isWrong}
            inputMode={value.type === 'number' ? 'decimal' : 'text'}
            autoComplete="off"
            spellCheck={false}
            list={list}
            value={value.text}
            onChange={({ target }) => onChange({ type: value.type, text: target.value })}
            onBlur={() => touch(compare.id)}
          />
          <datalist id={list}>
            {field?.values.map((one) => (
              <option key={String(one)} value={String(one)} />
            ))}
          </datalist>
        </>
      )}
    </>
  );
}

function converted(value: Value, type: Value['type']): Value {
  const text = 'text' in value ? value.text : '';
  if (type === 'text' || type === 'number') return { type, text };
  return type === 'null' ? { type } : { type, is: true };
}
