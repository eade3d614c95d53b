// What a command needs cannot be reached: its message is for the operator, and the command ends with 3.

export class NotReachable extends Error {
  override name = 'NotReachable';
}
