// The schema and the examples of a version, as JSON.
import { TextArea } from '../../parts/Field.tsx';
import { problemAt } from '../../parts/States.tsx';
import { readExamples, readJson } from './json-text.ts';

export interface SchemaDraft {
  schema: string;
  examples: string;
}

export interface SchemaFieldsProps {
  draft: SchemaDraft;
  onChange: (draft: SchemaDraft) => void;
  /** The refusal of the API. */
  error: unknown;
}

export function SchemaFields({ draft, onChange, error }: SchemaFieldsProps) {
  const [schema, examples] = [readJson(draft.schema), readExamples(draft.examples)];
  return (
    <>
      <TextArea
        label="Schema of data (JSON Schema 2020-12)"
        hint="Empty: events of this version are not checked."
        rows={12}
        value={draft.schema}
        problem={'problem' in schema ? schema.problem : problemAt(error, 'schema')}
        onChange={({ target }) => onChange({ ...draft, schema: target.value })}
      />
      <TextArea
        label="Examples of data"
        hint="One, or a list of them. Each must match the schema."
        rows={6}
        value={draft.examples}
        problem={'problem' in examples ? examples.problem : problemAt(error, 'examples')}
        onChange={({ target }) => onChange({ ...draft, examples: target.value })}
      />
    </>
  );
}

/** Null: a field holds no JSON. */
export function schemaOf({ schema, examples }: SchemaDraft): { schema?: unknown; examples?: unknown[] } | null {
  const [readSchema, readList] = [readJson(schema), readExamples(examples)];
  if ('problem' in readSchema || 'problem' in readList) return null;
  return { ...(readSchema.value !== undefined && { schema: readSchema.value }), ...(readList.value && { examples: readList.value }) };
}
