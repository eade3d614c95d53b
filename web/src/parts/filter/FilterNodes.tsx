// The conditions of a filter in the builder: fields, and groups of them.
import { type ReactNode, useId } from 'react';
import { Button } from '../Button.tsx';
import { CompareRow } from './CompareRow.tsx';
import { withPath } from './edit-filter.ts';
import { useEdits } from './edits.ts';
import { type Field, type Group, type Join, type Node, newCompare, newField, type Test } from './model.ts';

/** `join`: how the nodes belong together. */
export function NodeList({ nodes, join }: { nodes: readonly Node[]; join: Join }) {
  const { words } = useEdits();
  return (
    <ul className="filter-nodes">
      {nodes.map((node, index) => (
        <li key={node.id} data-node={node.id}>
          {index > 0 && (
            <span className="filter-joint" aria-hidden>
              {join === 'any' ? words.or : words.and}
            </span>
          )}
          {node.kind === 'field' ? <FieldCard field={node} /> : <GroupCard group={node} />}
        </li>
      ))}
    </ul>
  );
}

function FieldCard({ field }: { field: Field }) {
  const { replace, remove, add, touch, problemOf, fields, words } = useEdits();
  const list = useId();
  const problem = problemOf(field.id);
  const known = fields.find(({ path }) => path === field.path);
  return (
    <fieldset className="filter-card">
      <legend className="visually-hidden">{`${words.condition} ${field.path}`}</legend>
      <div className="filter-line">
        <input
          className="input mono"
          list={list}
          aria-label={words.field}
          aria-invalid={problem ? true : undefined}
          aria-describedby={problem ? `${list}-problem` : undefined}
          placeholder={words.fieldHint}
          autoComplete="off"
          spellCheck={false}
          value={field.path}
          onChange={({ target }) => {
            const path = target.value.trim();
            replace(field.id, (node) =>
              withPath(
                node as Field,
                path,
                fields.find((one) => one.path === path),
              ),
            );
          }}
          onBlur={() => touch(field.id)}
        />
        <datalist id={list}>
          {['type', ...fields.map(({ path }) => path)].map((path) => (
            <option key={path} value={path} />
          ))}
        </datalist>
        <Button tone="quiet" aria-label={words.remove(`${words.condition} ${field.path}`)} onPress={() => remove(field.id)}>
          ✕
        </Button>
      </div>
      {problem && (
        <p className="field-problem" id={`${list}-problem`} role="alert">
          {problem}
        </p>
      )}
      {known?.description && <p className="field-hint">{known.description}</p>}
      {field.path.includes('*') && <p className="field-hint">{words.anyElement}</p>}
      <TestList tests={field.of} join="all" field={known} />
      <div>
        <Button tone="quiet" onPress={() => add(field.id, newCompare('$lt'))}>
          {words.addHere}
        </Button>
      </div>
    </fieldset>
  );
}

type Known = ReturnType<typeof useEdits>['fields'][number] | undefined;

function TestList({ tests, join, field }: { tests: readonly Test[]; join: Join; field: Known }) {
  const { words } = useEdits();
  return (
    <ul className="filter-tests">
      {tests.map((test, index) => (
        <li key={test.id} data-node={test.id}>
          {index > 0 && (
            <span className="filter-joint" aria-hidden>
              {join === 'any' ? words.or : words.and}
            </span>
          )}
          {test.kind === 'compare' ? (
            <CompareRow compare={test} field={field} isOnly={tests.length === 1} />
          ) : (
            <GroupFrame group={test}>
              <TestList tests={test.of} join={test.join} field={field} />
            </GroupFrame>
          )}
        </li>
      ))}
    </ul>
  );
}

function GroupCard({ group }: { group: Group<Node> }) {
  return (
    <GroupFrame group={group}>
      <NodeList nodes={group.of} join={group.join} />
    </GroupFrame>
  );
}

const joins: readonly Join[] = ['any', 'all', 'not'];

function GroupFrame({ group, children }: { group: Group<Node> | Group<Test>; children: ReactNode }) {
  const { replace, remove, add, words, problemOf } = useEdits();
  const isOfTests = group.of.some(({ kind }) => kind === 'compare');
  const problem = problemOf(group.id);
  return (
    <fieldset className="filter-group">
      <legend className="visually-hidden">{words.joins[group.join]}</legend>
      <div className="filter-line">
        <select
          className="input"
          aria-label={words.group}
          value={group.join}
          onChange={({ target }) => replace(group.id, (node) => ({ ...node, join: target.value as Join, isListed: true }) as Node)}
        >
          {joins.map((join) => (
            <option key={join} value={join}>
              {words.joins[join]}
            </option>
          ))}
        </select>
        <Button tone="quiet" aria-label={words.remove(words.group)} onPress={() => remove(group.id)}>
          ✕
        </Button>
      </div>
      {problem && (
        <p className="field-problem" role="alert">
          {problem}
        </p>
      )}
      {children}
      <div>
        <Button tone="quiet" onPress={() => add(group.id, isOfTests ? newCompare() : newField())}>
          {words.addCondition}
        </Button>
      </div>
    </fieldset>
  );
}
