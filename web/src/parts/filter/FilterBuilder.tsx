// Builds the filter of an endpoint without code. What it cannot show, a text that is no filter, is edited as JSON.
import type { FieldError } from '@posthorn/client';
import { type ReactNode, useRef, useState } from 'react';
import { flushSync } from 'react-dom';
import { readFault } from '../../../../src/domain/faults/fault.ts';
import { parseExactly } from '../../../../src/domain/filters/exact-json.ts';
import { useWords } from '../../words/words.tsx';
import { Button } from '../Button.tsx';
import { Fault } from '../Fault.tsx';
import { TextArea } from '../Field.tsx';
import { replaced, withOneMore, without } from './edit-filter.ts';
import { type Edits, FilterEdits } from './edits.ts';
import { NodeList } from './FilterNodes.tsx';
import { draftOf, type FilterDraft } from './filter-draft.ts';
import { type Node, newField, newGroup } from './model.ts';
import { pointerOfPath } from './path-pointer.ts';
import { readFilter } from './read-filter.ts';
import type { SchemaField } from './schema-fields.ts';
import { filterWords } from './words.ts';
import { type WrittenFilter, writeFilter } from './write-filter.ts';
import './filter.css';

export interface FilterBuilderProps {
  draft: FilterDraft;
  onChange: (draft: FilterDraft) => void;
  /** Fields to choose from. */
  fields: readonly SchemaField[];
  /** True after an attempt to send: what is empty is then a problem too. */
  isChecked: boolean;
  /** What the API has refused, with paths such as `filter["data.a"].$gte`. */
  refused?: readonly FieldError[];
}

export function FilterBuilder(props: FilterBuilderProps) {
  const { draft, onChange } = props;
  const words = filterWords[useWords().locale];
  const toJson = () => onChange({ text: indented(draft.text), nodes: null });
  const toBuilder = () => onChange(draftOf(draft.text.trim()));
  const isReadable = draft.nodes !== null || draft.text.trim() === '' || readFilter(draft.text) !== null;
  return (
    <div className="filter">
      {draft.nodes ? (
        <Builder {...props} nodes={draft.nodes} onJson={toJson} />
      ) : (
        <>
          <JsonEditor {...props} isReadable={isReadable} />
          <div>
            <Button onPress={toBuilder} because={isReadable ? undefined : words.notShown}>
              {words.builder}
            </Button>
          </div>
        </>
      )}
    </div>
  );
}

/** The numbers stay as they are written. */
const indented = (text: string): string => (text === '' ? '' : JSON.stringify(parseExactly(text), null, 2));

function JsonEditor({ draft, onChange, refused = [], isReadable }: FilterBuilderProps & { isReadable: boolean }) {
  const words = filterWords[useWords().locale];
  const theirs = refused.map((one) => (
    <p key={`${one.path} ${one.message}`}>
      <code>{one.path}</code> <Fault of={one} />
    </p>
  ));
  const own = isReadable ? undefined : words.notShown;
  return (
    <TextArea
      label={words.jsonLabel}
      rows={6}
      value={draft.text}
      problem={theirs.length > 0 ? theirs : own}
      onChange={({ target }) => onChange({ text: target.value, nodes: null })}
    />
  );
}

interface BuilderProps extends FilterBuilderProps {
  nodes: Node[];
  onJson: () => void;
}

function Builder({ nodes, onJson, onChange, fields, isChecked, refused = [] }: BuilderProps) {
  const words = filterWords[useWords().locale];
  const host = useRef<HTMLDivElement>(null);
  const [touched, setTouched] = useState<ReadonlySet<string>>(new Set());
  const written = writeFilter(nodes);
  const become = (next: Node[]) => onChange({ text: writeFilter(next).text, nodes: next });
  const focus = (selector: string) => host.current?.querySelector<HTMLElement>(selector)?.focus();
  const edits: Edits = {
    replace: (id, change) => become(replaced(nodes, id, change)),
    remove(id) {
      flushSync(() => become(without(nodes, id)));
      focus('.filter-add button');
    },
    add(id, added) {
      flushSync(() => become(id === '' ? [...nodes, added as Node] : withOneMore(nodes, id, added)));
      // of a group not its own choice, but its first field
      focus(`[data-node="${added.id}"] ${added.kind === 'group' ? 'input' : ':is(input, select)'}`);
    },
    touch: (id) => setTouched((before) => new Set(before).add(id)),
    problemOf: problemsOf(written, { isChecked, touched, refused, notANumber: words.notANumber }),
    fields,
    words,
  };
  return (
    <FilterEdits value={edits}>
      <div ref={host} className="filter-root">
        {nodes.length === 0 && <p className="quiet">{words.none}</p>}
        <Whole problem={edits.problemOf('')}>
          <NodeList nodes={nodes} join="all" />
        </Whole>
        <div className="filter-add">
          <Button onPress={() => edits.add('', newField())}>{words.addCondition}</Button>
          {nodes.length > 0 && (
            <Button onPress={() => edits.add('', newGroup<Node>('any', [newField(), newField()]))}>{words.addGroup}</Button>
          )}
          <Button tone="quiet" onPress={onJson}>
            {words.json}
          </Button>
        </div>
      </div>
    </FilterEdits>
  );
}

function Whole({ problem, children }: { problem: ReactNode; children: ReactNode }) {
  return (
    <>
      {problem && (
        <p className="field-problem" role="alert">
          {problem}
        </p>
      )}
      {children}
    </>
  );
}

interface Shown {
  isChecked: boolean;
  touched: ReadonlySet<string>;
  refused: readonly FieldError[];
  notANumber: string;
}

/** What is not filled in yet is no problem before its input was left. */
function problemsOf(written: WrittenFilter, { isChecked, touched, refused, notANumber }: Shown): Edits['problemOf'] {
  const own = [...written.problems].map(([id, text]): [string, ReactNode] => [id, text === 'not_a_number' ? notANumber : ownFault(text)]);
  const theirs = refused.map((one): [string, ReactNode] => [written.at(pointerOfPath(one.path)), <Fault key={one.path} of={one} />]);
  const all = new Map([...own.filter(([id]) => id === '' || isChecked || touched.has(id)), ...theirs]);
  return (id) => all.get(id);
}

/** Found here, by the same code as in the API. */
const ownFault = (message: string) => <Fault of={{ path: '', message, ...readFault(message) }} />;
