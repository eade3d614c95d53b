// An internal error, not a failure of the endpoint. It is thrown, never recorded as an outcome, and
// uses up no attempt.

type LocalFaultCode = 'header_not_ours_to_send' | 'no_connection_free' | 'too_late' | 'aborted' | 'closed' | 'proxy' | 'unknown';

export class LocalFault extends Error {
  override readonly name = 'LocalFault';
  readonly code: LocalFaultCode;

  constructor(code: LocalFaultCode, message: string, cause?: unknown) {
    super(message, { cause });
    this.code = code;
  }
}

export function tooLate(): LocalFault {
  return new LocalFault('too_late', 'the latest time at which the request may be sent has passed');
}
