// Why the API refused a form: in a box, unless everything that is wrong stands at its field.
import { PosthornProblem } from '@posthorn/client';
import { Problem } from './States.tsx';

/** `fields`: the beginnings of the paths that stand at a field. */
export function FormProblem({ error, fields }: { error: unknown; fields: readonly string[] }) {
  if (!error) return null;
  const errors = error instanceof PosthornProblem ? error.errors : [];
  const isPlaced = errors.length > 0 && errors.every(({ path }) => fields.some((field) => path.startsWith(field)));
  return isPlaced ? null : <Problem error={error} />;
}
