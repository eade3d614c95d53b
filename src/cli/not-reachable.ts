// The error of a command that cannot reach Temporal. Its message is for the operator; the exit code
// is 3.

export class NotReachable extends Error {
  override name = 'NotReachable';
}
