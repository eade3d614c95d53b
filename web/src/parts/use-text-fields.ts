// What is typed into the fields of a small form, and the properties of each field.
import { useState } from 'react';
import { problemAt } from './States.tsx';

interface Changed {
  target: { value: string };
}

/** `fieldsOf`: the properties of a field by its name, with what the error of a refused request says about it. */
export function useTextFields<Texts extends Record<string, string>>(initial: Texts) {
  const [typed, setTyped] = useState(initial);
  const fieldsOf = (error: unknown) => (name: keyof Texts & string) => ({
    value: typed[name],
    problem: problemAt(error, name),
    onChange: ({ target }: Changed) => setTyped({ ...typed, [name]: target.value }),
  });
  return { typed, fieldsOf };
}
