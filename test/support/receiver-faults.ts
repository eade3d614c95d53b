// Reports errors thrown inside a test's receivers, such as failed assertions, to the test.
// The sender only sees a broken connection.
const faults: unknown[] = [];

export function reportFault(error: unknown): void {
  faults.push(error);
}

/** Call after each test, also of concurrent ones. Throws the first fault since the last call, which fails the test. */
export function throwFaults(): void {
  const [first] = faults.splice(0);
  if (first !== undefined) throw first;
}
