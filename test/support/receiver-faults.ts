// What a test's receivers threw while they answered - a failed assertion, say -, reported to the test: the sender only sees a broken connection.
const faults: unknown[] = [];

export function reportFault(error: unknown): void {
  faults.push(error);
}

/** After each test, also of those that run side by side: the first fault since the last call fails the test. */
export function throwFaults(): void {
  const [first] = faults.splice(0);
  if (first !== undefined) throw first;
}
